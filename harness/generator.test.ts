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

const ms = 1e6;

function at(timeMs: number, more: Partial<GeneratorContext> = {}): GeneratorContext {
  return { timeNs: timeMs * ms, random: () => 0.5, process: 0, thread: 0, ...more };
}

function event(type: OpType, more: Partial<Op> = {}): Op {
  return { index: 0, timeNs: 0, process: 0, type, f: 'write', value: 1, ...more };
}

/** write 1, write 2, … */
const writes = (value = 1): Generator =>
  unfold(value, { next: (state) => ({ op: { f: 'write', value: state }, state: state + 1 }) });

type Given = Extract<Next, { readonly type: 'op' }>;

function given(next: Next): Given {
  if (next.type !== 'op') throw new Error(`${next.type} where an operation should be`);
  return next;
}

/** The values of the operations that are there at once. */
function valuesOf(generator: Generator, context = at(0), countMax = 20): readonly unknown[] {
  const values: unknown[] = [];
  let current = generator;
  for (;;) {
    const next = current.op(context);
    if (next.type !== 'op' || values.length === countMax) return values;
    values.push(next.op.value);
    current = next.generator;
  }
}

describe('nothing', () => {
  it('is done, and stays so', () => {
    expect(nothing.op(at(0))).toEqual({ type: 'done' });
    expect(nothing.update(event('ok'))).toBe(nothing);
  });
});

describe('unfold', () => {
  it('goes from state to state, and stays where it was for whoever asks again', () => {
    const first = writes();
    expect(valuesOf(first, at(0), 3)).toEqual([1, 2, 3]);
    expect(valuesOf(first, at(0), 3)).toEqual([1, 2, 3]);
  });

  it('learns from every event', () => {
    const generator = unfold<unknown>(0, {
      next: (state) => ({ op: { f: 'write', value: state }, state }),
      learn: (_, { value }) => value,
    });
    expect(given(generator.update(event('ok', { value: 7 })).op(at(0))).op.value).toBe(7);
    expect(given(generator.op(at(0))).op.value).toBe(0);
  });

  it('may learn that it has no state any more', () => {
    const generator = unfold<number | undefined>(3, {
      next: (state) => (state === undefined ? null : { op: { f: 'write', value: state }, state }),
      learn: () => undefined,
    });
    expect(generator.update(event('ok')).op(at(0))).toEqual({ type: 'done' });
  });

  it('waits where it has no operation, and is done where it has no state', () => {
    const counting = unfold(2, {
      next: (state) => (state === 0 ? null : { op: null, state: state - 1 }),
    });
    const first = counting.op(at(0));
    expect(first).toMatchObject({ type: 'pending', untilNs: null });
    if (first.type !== 'pending') return;
    const second = first.generator.op(at(0));
    expect(second.type).toBe('pending');
    if (second.type === 'pending') expect(second.generator.op(at(0)).type).toBe('done');
  });
});

describe('repeat', () => {
  it('draws anew from the random numbers of whoever asks', () => {
    const drawn = repeat(({ random }) => ({ f: 'write', value: random() }));
    expect(given(drawn.op(at(0, { random: () => 0.25 }))).op.value).toBe(0.25);
    expect(valuesOf(drawn, at(0), 3)).toEqual([0.5, 0.5, 0.5]);
    expect(drawn.update(event('info'))).toBe(drawn);
  });
});

describe('limit', () => {
  it('ends after so many operations', () => {
    expect(valuesOf(limit(3, writes()))).toEqual([1, 2, 3]);
    expect(limit(0, writes()).op(at(0))).toEqual({ type: 'done' });
    expect(valuesOf(limit(3, limit(2, writes())))).toEqual([1, 2]);
  });

  it('does not count waiting, nor what it is told', () => {
    const waiting = limit(2, rate(1, writes()));
    const first = given(waiting.op(at(0)));
    const pending = first.generator.op(at(1));
    expect(pending.type).toBe('pending');
    if (pending.type !== 'pending') return;
    const told = pending.generator.update(event('invoke')).update(event('ok'));
    const second = given(told.op(at(1000)));
    expect(second.op.value).toBe(2);
    expect(second.generator.op(at(5000)).type).toBe('done');
  });

  it('lets its part learn', () => {
    const asking = limit(5, untilOk({ f: 'read', value: null }));
    const asked = given(asking.op(at(0))).generator;
    expect(asked.update(event('ok')).op(at(0)).type).toBe('done');
  });
});

describe('timeLimit', () => {
  it('ends when the run is that old', () => {
    const bounded = timeLimit(10 * ms, writes());
    expect(bounded.op(at(9.9)).type).toBe('op');
    expect(bounded.op(at(10))).toEqual({ type: 'done' });
    expect(given(bounded.op(at(9))).generator.op(at(10)).type).toBe('done');
    expect(bounded.update(event('ok')).op(at(10)).type).toBe('done');
  });

  it('lets its part learn', () => {
    const asked = given(timeLimit(9 * ms, untilOk({ f: 'read', value: 1 })).op(at(0))).generator;
    expect(asked.update(event('fail')).op(at(1)).type).toBe('op');
    expect(asked.op(at(1)).type).toBe('pending');
  });

  it('wakes whoever waits no later than that', () => {
    const asked = given(timeLimit(300 * ms, rate(1, writes())).op(at(0))).generator;
    expect(asked.op(at(1))).toMatchObject({ type: 'pending', untilNs: 300 * ms });
    const soon = given(timeLimit(3000 * ms, rate(1, writes())).op(at(0))).generator;
    expect(soon.op(at(1))).toMatchObject({ type: 'pending', untilNs: 1000 * ms });
    const silent = timeLimit(50 * ms, unfold(0, { next: (state) => ({ op: null, state }) }));
    const next = silent.op(at(0));
    expect(next).toMatchObject({ type: 'pending', untilNs: 50 * ms });
    if (next.type === 'pending') expect(next.generator.op(at(50)).type).toBe('done');
  });
});

describe('rate', () => {
  it('gives one operation at each place of its schedule, the first at once', () => {
    const first = given(rate(100, writes()).op(at(5)));
    expect(first).toMatchObject({ op: { value: 1 }, scheduledNs: 5 * ms });
    expect(first.generator.op(at(14.9))).toMatchObject({ type: 'pending', untilNs: 15 * ms });
    const second = given(first.generator.op(at(15)));
    expect(second).toMatchObject({ op: { value: 2 }, scheduledNs: 15 * ms });
  });

  it('keeps its schedule when nobody asks for a while, and says when each was due', () => {
    const { generator } = given(rate(100, writes()).op(at(0)));
    const late: (number | undefined)[] = [];
    let current = generator;
    for (;;) {
      const next = current.op(at(1003));
      if (next.type !== 'op') {
        expect(next).toMatchObject({ type: 'pending', untilNs: 1010 * ms });
        break;
      }
      late.push(next.scheduledNs);
      current = next.generator;
    }
    // One for every 10 ms of the second in which nobody asked, none left out, none too many.
    expect(late).toEqual(Array.from({ length: 100 }, (_, place) => (place + 1) * 10 * ms));
  });

  it('keeps the place of an operation that its part has not got yet', () => {
    const held = rate(100, backOff(50, writes(), 70 * ms));
    const early = held.op(at(0));
    expect(early).toMatchObject({ type: 'pending', untilNs: 70 * ms });
    const { generator } = given(held.op(at(70)));
    const stalled = generator.update(event('fail', { timeNs: 71 * ms })).op(at(80));
    expect(stalled).toMatchObject({ type: 'pending', untilNs: 121 * ms });
    if (stalled.type !== 'pending') return;
    const next = given(stalled.generator.op(at(121)));
    expect(next.scheduledNs).toBe(80 * ms);
    expect(given(next.generator.op(at(121))).scheduledNs).toBe(90 * ms);
  });

  it('is done when its part is', () => {
    expect(rate(1, nothing).op(at(0))).toEqual({ type: 'done' });
  });
});

describe('stagger', () => {
  it('draws its gaps between nothing and twice the mean', () => {
    const { generator } = given(stagger(100, writes()).op(at(0, { random: () => 0.75 })));
    expect(generator.op(at(1))).toMatchObject({ type: 'pending', untilNs: 15 * ms });
    const { generator: again } = given(generator.op(at(15, { random: () => 0 })));
    expect(given(again.op(at(15))).scheduledNs).toBe(15 * ms);
  });

  it('comes to its rate over a stall', () => {
    let current = stagger(200, writes());
    let word = 1;
    const random = (): number => {
      word = (word * 48_271) % 2_147_483_647;
      return word / 2_147_483_647;
    };
    const due: number[] = [];
    // Nobody asks in the second second.
    for (const timeMs of [
      ...Array(1000).keys(),
      ...Array.from({ length: 1000 }, (_, n) => 2000 + n),
    ]) {
      for (;;) {
        const next = current.op(at(timeMs, { random }));
        if (next.type === 'done') throw new Error('done');
        current = next.generator;
        if (next.type === 'pending') break;
        due.push((next.scheduledNs ?? 0) / ms);
      }
    }
    expect(due).toEqual(due.toSorted((a, b) => a - b));
    const inStall = due.filter((timeMs) => timeMs > 1000 && timeMs <= 2000).length;
    expect(inStall).toBeGreaterThan(170);
    expect(inStall).toBeLessThan(230);
    expect(due.length).toBeGreaterThan(540);
    expect(due.length).toBeLessThan(660);
  });
});

describe('phases', () => {
  const two = phases(limit(1, writes(1)), limit(1, writes(100)));

  it('begins the next when all operations of the one before have completed', () => {
    const { generator } = given(two.op(at(0)));
    const open = generator.update(event('invoke', { process: 0 }));
    const waiting = open.op(at(0, { process: 1 }));
    expect(waiting).toMatchObject({ type: 'pending', untilNs: null });
    if (waiting.type !== 'pending') return;
    const completed = waiting.generator.update(event('info', { process: 0 }));
    expect(valuesOf(completed)).toEqual([100]);
    expect(waiting.generator.op(at(0)).type).toBe('pending');
  });

  it('waits for every one of several open operations', () => {
    let current: Generator = phases(limit(3, writes(1)), limit(1, writes(100)));
    for (const process of [0, 1, 2]) {
      current = given(current.op(at(0, { process }))).generator;
      current = current.update(event('invoke', { process }));
    }
    for (const [process, type] of [
      [2, 'ok'],
      [0, 'fail'],
      [1, 'info'],
    ] as const) {
      expect(current.op(at(0)).type).toBe('pending');
      current = current.update(event(type, { process }));
    }
    expect(valuesOf(current)).toEqual([100]);
  });

  it('skips what has nothing, and is done after the last', () => {
    const part = phases(nothing, limit(1, writes()), nothing, nothing, limit(1, writes(50)));
    expect(valuesOf(part)).toEqual([1, 50]);
    expect(phases().op(at(0))).toEqual({ type: 'done' });
    expect(phases(nothing, nothing).op(at(0))).toEqual({ type: 'done' });
  });

  it('lets the phase at hand learn', () => {
    const asked = given(phases(untilOk({ f: 'read', value: 1 }), writes(9)).op(at(0))).generator;
    const answered = asked.update(event('invoke')).update(event('ok'));
    expect(valuesOf(answered, at(0), 1)).toEqual([9]);
    const refused = asked.update(event('invoke')).update(event('fail'));
    expect(valuesOf(refused, at(0), 1)).toEqual([1]);
  });

  it('passes on until when its phase waits', () => {
    const paced = given(phases(rate(1, writes()), writes()).op(at(0))).generator;
    expect(paced.op(at(1))).toMatchObject({ type: 'pending', untilNs: 1000 * ms });
  });

  it('takes thousands of phases in a moment', () => {
    const parts = Array.from({ length: 30_000 }, (_, value) => limit(1, writes(value)));
    let current: Generator = phases(...parts);
    for (const value of parts.keys()) {
      const next = given(current.op(at(0)));
      expect(next.op.value).toBe(value);
      current = next.generator.update(event('invoke')).update(event('ok'));
    }
    expect(current.op(at(0)).type).toBe('done');
  });
});

describe('backOff', () => {
  it('gives nothing for so long after a refusal or an unknown outcome', () => {
    for (const type of ['fail', 'info'] as const) {
      const refused = backOff(50, writes()).update(event(type, { timeNs: 100 * ms }));
      const next = refused.op(at(149));
      expect(next).toMatchObject({ type: 'pending', untilNs: 150 * ms });
      if (next.type === 'pending') expect(valuesOf(next.generator, at(150), 1)).toEqual([1]);
    }
  });

  it('does not hold up after an invocation or an answer, nor shorten a wait', () => {
    for (const type of ['invoke', 'ok'] as const) {
      expect(
        backOff(50, writes())
          .update(event(type, { timeNs: 100 * ms }))
          .op(at(100)).type,
      ).toBe('op');
    }
    const refused = backOff(50, writes()).update(event('fail', { timeNs: 100 * ms }));
    expect(refused.update(event('ok', { timeNs: 101 * ms })).op(at(101)).type).toBe('pending');
  });

  it('is done when its part is, and lets it learn', () => {
    expect(backOff(50, nothing).op(at(0))).toEqual({ type: 'done' });
    const asked = given(backOff(50, untilOk({ f: 'read', value: null })).op(at(0))).generator;
    expect(asked.update(event('ok')).op(at(0)).type).toBe('done');
  });
});

describe('untilOk', () => {
  const asking = untilOk((attempt) => ({ f: 'write', value: attempt }));

  it('asks again until it is answered, one attempt after the other', () => {
    const first = given(asking.op(at(0, { process: 3 })));
    expect(first.op.value).toBe(0);
    expect(first.generator.op(at(0, { process: 4 }))).toMatchObject({ type: 'pending' });
    const refused = first.generator.update(event('fail', { process: 3 }));
    const second = given(refused.op(at(0, { process: 4 })));
    expect(second.op.value).toBe(1);
    const lost = second.generator.update(event('info', { process: 4 }));
    const third = given(lost.op(at(0, { process: 14 })));
    expect(third.op.value).toBe(2);
    expect(third.generator.update(event('ok', { process: 14 })).op(at(0))).toEqual({
      type: 'done',
    });
  });

  it('is not moved by what other processes are told, nor by its own invocation', () => {
    const { generator } = given(asking.op(at(0, { process: 3 })));
    expect(generator.update(event('ok', { process: 4 })).op(at(0)).type).toBe('pending');
    expect(generator.update(event('invoke', { process: 3 })).op(at(0)).type).toBe('pending');
    expect(valuesOf(asking.update(event('ok', { process: 0 })), at(0), 1)).toEqual([0]);
  });

  it('takes one operation for all attempts', () => {
    const reading = untilOk({ f: 'read', key: 'k', value: null });
    const { op, generator } = given(reading.op(at(0)));
    expect(op).toEqual({ f: 'read', key: 'k', value: null });
    expect(given(generator.update(event('fail')).op(at(0))).op).toEqual(op);
  });
});
