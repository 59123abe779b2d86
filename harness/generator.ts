/**
 * The generator: a pure value that says what to do next. [Jepsen]
 *
 * `op` gives an operation and the generator that goes on from there; `update` lets it learn from
 * what happened. No clock and no hidden randomness: both come with the context.
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
  | { readonly type: 'op'; readonly op: OpTemplate; readonly generator: Generator }
  /** Nothing now for this process; ask again at this time, or after the next completion. */
  | { readonly type: 'pending'; readonly untilNs: number | null; readonly generator: Generator }
  | { readonly type: 'done' };

export interface Generator {
  op(context: GeneratorContext): Next;
  update(event: Op): Generator;
}

/** Spreads operations evenly at random, `perSecond` of them on average. [Jepsen] */
export function stagger(perSecond: number, inner: Generator, nextNs = 0): Generator {
  return {
    op: (context) => {
      if (context.timeNs < nextNs) {
        return { type: 'pending', untilNs: nextNs, generator: stagger(perSecond, inner, nextNs) };
      }
      const next = inner.op(context);
      if (next.type === 'done') return next;
      if (next.type === 'pending') {
        return { ...next, generator: stagger(perSecond, next.generator, nextNs) };
      }
      // Falling behind is not made up for: a stalled system is not flooded when it comes back.
      const from = Math.max(nextNs, context.timeNs - 1e9 / perSecond);
      const gapNs = (context.random() * 2 * 1e9) / perSecond;
      return { ...next, generator: stagger(perSecond, next.generator, from + gapNs) };
    },
    update: (event) => stagger(perSecond, inner.update(event), nextNs),
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
