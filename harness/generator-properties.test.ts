import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Op, OpType } from '../checker/history.ts';
import {
  backOff,
  type Generator,
  type GeneratorContext,
  limit,
  type Next,
  nothing,
  phases,
  rate,
  repeat,
  stagger,
  timeLimit,
  unfold,
  untilOk,
} from './generator.ts';
import { independent, mix, onThreads, reserve } from './generator-parts.ts';

/** How to build a generator: built twice, it is the same. */
type Plan = () => Generator;

const leaf = fc.oneof(
  fc.constant<Plan>(() => nothing),
  fc.integer({ min: 0, max: 5 }).map(
    (count): Plan =>
      () =>
        limit(count, drawn),
  ),
  fc.integer({ min: 0, max: 99 }).map(
    (first): Plan =>
      () =>
        learning(first),
  ),
  fc.constant<Plan>(() => untilOk((attempt) => ({ f: 'ask', value: attempt }))),
);

const drawn = repeat(({ random }) => ({ f: 'draw', value: random() }));

/** Its operations tell all that it has learnt. */
function learning(first: number): Generator {
  return unfold(String(first), {
    next: (state, { process }) => ({
      op: { f: 'learn', value: state },
      state: `${state}.${process}`,
    }),
    learn: (state, { type, process }) => `${state}${type[0]}${process}`,
  });
}

const perSecond = fc.integer({ min: 1, max: 2000 });
const { plan } = fc.letrec<{ readonly plan: Plan }>((tie) => {
  const part = tie('plan');
  const parts = fc.array(part, { maxLength: 3 });
  const count = fc.integer({ min: 0, max: 6 });
  return {
    plan: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.tuple(count, part).map(
        ([at, of]): Plan =>
          () =>
            limit(at, of()),
      ),
      fc.tuple(count, part).map(
        ([at, of]): Plan =>
          () =>
            timeLimit(at * 5e6, of()),
      ),
      fc.tuple(perSecond, part).map(
        ([of, inner]): Plan =>
          () =>
            rate(of, inner()),
      ),
      fc.tuple(perSecond, part).map(
        ([of, inner]): Plan =>
          () =>
            stagger(of, inner()),
      ),
      fc.tuple(count, part).map(
        ([delay, of]): Plan =>
          () =>
            backOff(delay, of()),
      ),
      parts.map(
        (of): Plan =>
          () =>
            phases(...of.map((each) => each())),
      ),
      parts.map(
        (of): Plan =>
          () =>
            mix(...of.map((each, at) => [at, each()] as const)),
      ),
      fc.tuple(part, part).map(
        ([own, others]): Plan =>
          () =>
            onThreads((thread) => thread % 2 === 1, own(), others()),
      ),
      fc.tuple(part, part, part).map(
        ([one, two, rest]): Plan =>
          () =>
            reserve([[1, one()] as const, [1, two()] as const], rest()),
      ),
      fc.tuple(count, count, fc.integer({ min: 1, max: 4 })).map(
        ([opsPerKey, unknownPerKey, keyCount]): Plan =>
          () =>
            independent({
              keyCount,
              opsPerKey: opsPerKey + 1,
              unknownPerKey: unknownPerKey === 0 ? null : unknownPerKey,
              createGenerator: (key, firstValue) => learning(Number(key) * 1000 + firstValue),
            }),
      ),
    ),
  };
});

/** A thread is asked what it wants to do; when it is at something, that completes instead. */
interface Step {
  readonly thread: number;
  readonly afterMs: number;
  readonly outcome: Exclude<OpType, 'invoke'>;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    thread: fc.integer({ min: 0, max: 3 }),
    afterMs: fc.constantFrom(0, 0, 1, 7),
    outcome: fc.constantFrom('ok', 'ok', 'fail', 'info'),
  }),
  { maxLength: 60 },
);

function numbers(seed: number): () => number {
  let word = seed + 1;
  return () => {
    word = (word * 48_271) % 2_147_483_647;
    return word / 2_147_483_647;
  };
}

type Asked = (generator: Generator, context: GeneratorContext, turn: number) => Next;

/** What came of the questions, without the generators that go on from there. */
function play(start: Generator, script: readonly Step[], ask: Asked): readonly unknown[] {
  const told: unknown[] = [];
  const open = new Map<number, Op>();
  const processes = [0, 1, 2, 3];
  let generator = start;
  let timeNs = 0;
  script.forEach(({ thread, afterMs, outcome }, turn) => {
    timeNs += afterMs * 1e6;
    const process = processes[thread] ?? 0;
    const running = open.get(thread);
    if (running !== undefined) {
      open.delete(thread);
      generator = generator.update({ ...running, timeNs, type: outcome });
      if (outcome === 'info') processes[thread] = process + processes.length;
      return;
    }
    const next = ask(generator, { timeNs, random: numbers(turn), process, thread }, turn);
    told.push(visible(next));
    if (next.type === 'done') return;
    generator = next.generator;
    if (next.type === 'pending') return;
    const invoked: Op = { index: turn, timeNs, process, type: 'invoke', ...next.op };
    open.set(thread, invoked);
    generator = generator.update(invoked);
  });
  return told;
}

function visible(next: Next): unknown {
  return 'generator' in next ? { ...next, generator: null } : next;
}

const once: Asked = (generator, context) => generator.op(context);

describe('every combination of generators', () => {
  it('gives the same operations for the same random numbers and the same completions', () => {
    fc.assert(
      fc.property(plan, steps, (build, script) => {
        expect(play(build(), script, once)).toEqual(play(build(), script, once));
      }),
      { seed: 1, numRuns: 1500 },
    );
  });

  it('is a value: whoever asks it, or tells it something, leaves it as it was', () => {
    const twice: Asked = (generator, context, turn) => {
      const first = generator.op(context);
      const told: Op = { index: 0, timeNs: 0, process: 1, type: 'info', f: 'ask', value: turn };
      generator.update(told).op({ ...context, random: numbers(turn + 7) });
      if ('generator' in first) first.generator.update(told).op({ ...context, thread: 2 });
      // The random numbers begin anew, as they did for the first.
      const second = generator.op({ ...context, random: numbers(turn) });
      expect(visible(second)).toEqual(visible(first));
      return second;
    };
    fc.assert(
      fc.property(plan, steps, (build, script) => {
        expect(play(build(), script, twice)).toEqual(play(build(), script, once));
      }),
      { seed: 2, numRuns: 1500 },
    );
  });

  it('never gives more operations than its limit, nor any after its time', () => {
    fc.assert(
      fc.property(plan, steps, fc.integer({ min: 0, max: 8 }), (build, script, count) => {
        const all = play(limit(count, timeLimit(50e6, build())), script, (generator, context) => {
          const next = generator.op(context);
          if (context.timeNs >= 50e6) expect(next.type).toBe('done');
          return next;
        });
        const ops = all.filter((next) => (next as Next).type === 'op');
        expect(ops.length).toBeLessThanOrEqual(count);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it('is never early on a schedule, and no place of a schedule is lost', () => {
    fc.assert(
      fc.property(perSecond, steps, (aSecond, script) => {
        const due: number[] = [];
        let firstNs: number | null = null;
        play(rate(aSecond, drawn), script, (generator, context) => {
          const next = generator.op(context);
          firstNs ??= context.timeNs;
          if (next.type === 'op') {
            due.push(next.scheduledNs ?? Number.NaN);
            expect(next.scheduledNs).toBeLessThanOrEqual(context.timeNs);
          }
          return next;
        });
        due.forEach((scheduledNs, place) => {
          expect(scheduledNs).toBeCloseTo((firstNs ?? 0) + (place * 1e9) / aSecond, 0);
        });
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
