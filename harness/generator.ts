/**
 * The generator: a pure value that says what to do next. [Jepsen]
 *
 * `op` gives an operation and the generator that goes on from there; `update` lets it learn from
 * what happened. No clock and no hidden randomness: both come with the context. The combinators
 * that bound and pace are here; those that choose and divide are in generator-parts.ts.
 */
import type { Op } from '../checker/history.ts';

/** What a generator may know when it is asked. */
export interface GeneratorContext {
  /** Nanoseconds since the start of the run. */
  readonly timeNs: number;
  /** Uniform in [0, 1); seeded. */
  random(): number;
  /** The process that would carry out the operation, and its thread. */
  readonly process: number;
  readonly thread: number;
}

/** An operation to invoke. */
export interface OpTemplate {
  readonly f: string;
  readonly key?: string;
  readonly value: unknown;
}

export type Next =
  | {
      readonly type: 'op';
      readonly op: OpTemplate;
      readonly generator: Generator;
      /** When it was due, in nanoseconds; it may be late because every client was busy. */
      readonly scheduledNs?: number;
    }
  /** Nothing now for this process; ask again at this time, or after the next completion. */
  | { readonly type: 'pending'; readonly untilNs: number | null; readonly generator: Generator }
  /** Nothing any more, for any process. */
  | { readonly type: 'done' };

export interface Generator {
  op(context: GeneratorContext): Next;
  /** Told of every line of the clients: each invocation, then its completion. */
  update(event: Op): Generator;
}

/** Nothing at all. */
export const nothing: Generator = { op: () => ({ type: 'done' }), update: () => nothing };

/** What a generator with a state of its own is made of. The state is never changed in place. */
export interface Unfolding<State> {
  /** An operation and the state after it; `op: null` for nothing now, null for never again. */
  next(
    state: State,
    context: GeneratorContext,
  ): { readonly op: OpTemplate | null; readonly state: State } | null;
  learn?(state: State, event: Op): State;
}

/** The generator that goes from state to state. */
export function unfold<State>(state: State, rules: Unfolding<State>): Generator {
  const self: Generator = {
    op: (context) => {
      const next = rules.next(state, context);
      if (next === null) return { type: 'done' };
      const generator = unfold(next.state, rules);
      if (next.op === null) return { type: 'pending', untilNs: null, generator };
      return { type: 'op', op: next.op, generator };
    },
    update: (event) => {
      const learnt = rules.learn === undefined ? state : rules.learn(state, event);
      return learnt === state ? self : unfold(learnt, rules);
    },
  };
  return self;
}

/** The same question for ever. */
export function repeat(draw: (context: GeneratorContext) => OpTemplate): Generator {
  const self: Generator = {
    op: (context) => ({ type: 'op', op: draw(context), generator: self }),
    update: () => self,
  };
  return self;
}

/** Ends after so many operations. */
export function limit(count: number, inner: Generator): Generator {
  return {
    op: (context) => {
      if (count <= 0) return { type: 'done' };
      const next = inner.op(context);
      if (next.type === 'done') return next;
      const left = next.type === 'op' ? count - 1 : count;
      return { ...next, generator: limit(left, next.generator) };
    },
    update: (event) => limit(count, inner.update(event)),
  };
}

/** Ends when the run is this old. */
export function timeLimit(limitNs: number, inner: Generator): Generator {
  return {
    op: (context) => {
      if (context.timeNs >= limitNs) return { type: 'done' };
      const next = inner.op(context);
      if (next.type === 'done') return next;
      const generator = timeLimit(limitNs, next.generator);
      if (next.type === 'op') return { ...next, generator };
      return { type: 'pending', untilNs: Math.min(next.untilNs ?? limitNs, limitNs), generator };
    },
    update: (event) => timeLimit(limitNs, inner.update(event)),
  };
}

/**
 * One operation every `1 / perSecond` seconds. The schedule is kept: what falls due while every
 * client is busy is given as soon as one is free, and carries the time at which it was due, so that
 * a system that stalls cannot make itself look quick by keeping its clients from asking.
 */
export function rate(perSecond: number, inner: Generator): Generator {
  const gapNs = 1e9 / perSecond;
  return paced(() => gapNs, inner, null);
}

/** The same with gaps drawn between nothing and twice the mean. [Jepsen] */
export function stagger(perSecond: number, inner: Generator): Generator {
  const meanNs = 1e9 / perSecond;
  return paced((context) => context.random() * 2 * meanNs, inner, null);
}

/** `dueNs` is when the next one is due; null before the first, which is due at once. */
function paced(
  gapNs: (context: GeneratorContext) => number,
  inner: Generator,
  dueNs: number | null,
): Generator {
  return {
    op: (context) => {
      const due = dueNs ?? context.timeNs;
      if (context.timeNs < due) {
        return { type: 'pending', untilNs: due, generator: paced(gapNs, inner, due) };
      }
      const next = inner.op(context);
      if (next.type === 'done') return next;
      if (next.type === 'pending') {
        return { ...next, generator: paced(gapNs, next.generator, dueNs) };
      }
      const generator = paced(gapNs, next.generator, due + gapNs(context));
      return { ...next, generator, scheduledNs: due };
    },
    update: (event) => paced(gapNs, inner.update(event), dueNs),
  };
}

/**
 * One after the other: the next begins when the one before is done and all its operations have
 * completed. [Jepsen]
 */
export function phases(...parts: readonly Generator[]): Generator {
  return phasesFrom({ parts, at: 0, current: parts[0] ?? nothing, openCount: 0 });
}

interface Phases {
  readonly parts: readonly Generator[];
  /** Which of them it is, and what has become of it. */
  readonly at: number;
  readonly current: Generator;
  readonly openCount: number;
}

function phasesFrom(state: Phases): Generator {
  return {
    op: (context) => phasesOp(state, context),
    update: (event) => {
      const openCount = state.openCount + (event.type === 'invoke' ? 1 : -1);
      return phasesFrom({ ...state, current: state.current.update(event), openCount });
    },
  };
}

function phasesOp(state: Phases, context: GeneratorContext): Next {
  let { at, current } = state;
  for (;;) {
    const next = current.op(context);
    if (next.type !== 'done') {
      return { ...next, generator: phasesFrom({ ...state, at, current: next.generator }) };
    }
    if (at >= state.parts.length - 1) return { type: 'done' };
    if (state.openCount > 0) {
      const generator = phasesFrom({ ...state, at, current: nothing });
      return { type: 'pending', untilNs: null, generator };
    }
    at++;
    current = state.parts[at] ?? nothing;
  }
}

/** After an operation that was not answered `ok`, nothing for so long. */
export function backOff(delayMs: number, inner: Generator, notBeforeNs = 0): Generator {
  return {
    op: (context) => {
      const untilNs = notBeforeNs;
      if (context.timeNs < untilNs) {
        return { type: 'pending', untilNs, generator: backOff(delayMs, inner, notBeforeNs) };
      }
      const next = inner.op(context);
      if (next.type === 'done') return next;
      return { ...next, generator: backOff(delayMs, next.generator, notBeforeNs) };
    },
    update: (event) => {
      const isBad = event.type === 'fail' || event.type === 'info';
      const until = isBad ? event.timeNs + delayMs * 1e6 : notBeforeNs;
      return backOff(delayMs, inner.update(event), until);
    },
  };
}

/** Asks until it is answered `ok`, one attempt after the other; then it is done. */
export function untilOk(template: OpTemplate | ((attempt: number) => OpTemplate)): Generator {
  interface Asking {
    readonly attempt: number;
    /** The process that asks; null while none does. */
    readonly asked: number | null;
    readonly answered: boolean;
  }
  const start: Asking = { attempt: 0, asked: null, answered: false };
  return unfold(start, {
    next: (state, { process }) => {
      if (state.answered) return null;
      if (state.asked !== null) return { op: null, state };
      const op = typeof template === 'function' ? template(state.attempt) : template;
      return { op, state: { ...state, attempt: state.attempt + 1, asked: process } };
    },
    learn: (state, event) => {
      if (event.type === 'invoke' || event.process !== state.asked) return state;
      return { ...state, asked: null, answered: event.type === 'ok' };
    },
  });
}
