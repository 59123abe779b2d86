import { describe, expect, it } from 'vitest';
import type { Op, OpType } from '../checker/history.ts';
import {
  backOff,
  type Generator,
  type GeneratorContext,
  limit,
  type Next,
  nothing,
  type OpTemplate,
  repeat,
  unfold,
  untilOk,
} from './generator.ts';
import {
  type IndependentOptions,
  inAnyOrder,
  independent,
  mix,
  onThreads,
  reserve,
} from './generator-parts.ts';

const ms = 1e6;

function at(more: Partial<GeneratorContext> = {}): GeneratorContext {
  return { timeNs: 0, random: () => 0.5, process: 0, thread: 0, ...more };
}

function event(type: OpType, more: Partial<Op> = {}): Op {
  return { index: 0, timeNs: 0, process: 0, type, f: 'write', value: 1, ...more };
}

const named = (f: string): Generator => repeat(() => ({ f, value: null }));
const writes = (value = 1): Generator =>
  unfold(value, { next: (state) => ({ op: { f: 'write', value: state }, state: state + 1 }) });
const waiting = (untilNs: number): Generator => backOff(1, named('late'), untilNs);
const silent = unfold(0, { next: (state) => ({ op: null, state }) });

type Given = Extract<Next, { readonly type: 'op' }>;

function given(next: Next): Given {
  if (next.type !== 'op') throw new Error(`${next.type} where an operation should be`);
  return next;
}

/** Evenly spread, so that shares come out as they should. */
function spread(): () => number {
  let turn = 0;
  return () => {
    turn++;
    return (turn * 0.618_033_988_75) % 1;
  };
}

/** The operations of so many questions, all asked by one thread, each answered at once. */
function take(generator: Generator, count: number, context = at()): readonly OpTemplate[] {
  const ops: OpTemplate[] = [];
  let current = generator;
  while (ops.length < count) {
    const next = current.op(context);
    if (next.type !== 'op') break;
    ops.push(next.op);
    current = next.generator;
  }
  return ops;
}

describe('mix', () => {
  it('chooses by weight', () => {
    const random = spread();
    const ops = take(mix([1, named('read')], [3, named('write')]), 1000, at({ random }));
    const reads = ops.filter(({ f }) => f === 'read').length;
    expect(reads).toBeGreaterThan(230);
    expect(reads).toBeLessThan(270);
    expect(ops).toHaveLength(1000);
  });

  it('never chooses a part without weight, even where all others wait', () => {
    expect(mix([0, named('read')], [1, silent]).op(at())).toMatchObject({ type: 'pending' });
    expect(mix([0, named('read')]).op(at())).toEqual({ type: 'done' });
  });

  it('goes on with the others when a part is done, and is done when all are', () => {
    const ops = take(mix([1, limit(2, named('read'))], [1, limit(3, named('write'))]), 99);
    expect(ops.map(({ f }) => f).toSorted()).toEqual(['read', 'read', 'write', 'write', 'write']);
    expect(mix([1, nothing], [2, nothing]).op(at())).toEqual({ type: 'done' });
    expect(mix().op(at())).toEqual({ type: 'done' });
  });

  it('asks another part while one waits, and waits until the first of them is ready', () => {
    const asked = take(mix([99, silent], [1, limit(1, named('read'))]), 5);
    expect(asked).toEqual([{ f: 'read', value: null }]);
    const both = mix([1, waiting(70 * ms)], [1, waiting(30 * ms)], [1, silent]);
    expect(both.op(at())).toMatchObject({ type: 'pending', untilNs: 30 * ms });
    expect(mix([1, silent], [1, nothing]).op(at())).toMatchObject({
      type: 'pending',
      untilNs: null,
    });
  });

  it('lets every part learn', () => {
    const asking = untilOk({ f: 'read', value: null });
    const { generator } = given(mix([1, asking]).op(at()));
    expect(generator.update(event('ok')).op(at())).toEqual({ type: 'done' });
  });
});

describe('onThreads and reserve', () => {
  const parts = reserve(
    [
      [1, named('a')],
      [2, named('b')],
    ],
    named('rest'),
  );

  it('gives the first threads to the parts in turn, and all others to the rest', () => {
    const asked = [0, 1, 2, 3, 9].map((thread) => given(parts.op(at({ thread }))).op.f);
    expect(asked).toEqual(['a', 'b', 'b', 'rest', 'rest']);
    expect(given(reserve([], named('rest')).op(at())).op.f).toBe('rest');
  });

  it('keeps what each part has come to', () => {
    let current: Generator = onThreads((thread) => thread === 1, writes(100), writes(1));
    const values = [0, 1, 1, 0].map((thread) => {
      const next = given(current.op(at({ thread })));
      current = next.generator;
      return next.op.value;
    });
    expect(values).toEqual([1, 100, 101, 2]);
  });

  it('has threads wait whose part is done, and is done when all parts are', () => {
    const ending = onThreads((thread) => thread === 1, limit(1, named('a')), limit(1, named('b')));
    const own = given(ending.op(at({ thread: 1 }))).generator;
    const waits = own.op(at({ thread: 1 }));
    expect(waits).toMatchObject({ type: 'pending', untilNs: null });
    if (waits.type !== 'pending') return;
    const others = given(waits.generator.op(at({ thread: 0 }))).generator;
    expect(others.op(at({ thread: 0 })).type).toBe('done');
    expect(others.op(at({ thread: 2 })).type).toBe('done');
  });

  it('is done for the others, too, when the others were done first', () => {
    const ending = onThreads((thread) => thread === 1, limit(1, named('a')), nothing);
    const waits = onThreads((thread) => thread === 1, nothing, limit(1, named('b')));
    expect(ending.op(at({ thread: 0 })).type).toBe('pending');
    expect(given(waits.op(at({ thread: 0 }))).generator.op(at({ thread: 0 })).type).toBe('done');
  });

  it('lets both sides learn, whoever it was', () => {
    const asking = untilOk({ f: 'read', value: null });
    const other = untilOk({ f: 'scan', value: null });
    const isFirst = (thread: number): boolean => thread === 0;
    let current: Generator = onThreads(isFirst, asking, other);
    current = given(current.op(at({ thread: 0, process: 0 }))).generator;
    current = given(current.op(at({ thread: 1, process: 1 }))).generator;
    current = current.update(event('ok', { process: 0 })).update(event('ok', { process: 1 }));
    const next = current.op(at({ thread: 0 }));
    expect(next.type).toBe('pending');
    if (next.type === 'pending') expect(next.generator.op(at({ thread: 1 })).type).toBe('done');
  });
});

describe('independent', () => {
  const options = (more: Partial<IndependentOptions> = {}): IndependentOptions => ({
    keyCount: 2,
    opsPerKey: 3,
    unknownPerKey: null,
    createGenerator: (_key, firstValue) => writes(firstValue),
    ...more,
  });

  it('names the key of every operation, and uses several at a time', () => {
    const ops = take(independent(options({ opsPerKey: 1000 })), 400, at({ random: spread() }));
    expect(new Set(ops.map(({ key }) => key))).toEqual(new Set(['0', '1']));
    const first = ops.filter(({ key }) => key === '0').length;
    expect(first).toBeGreaterThan(150);
    expect(first).toBeLessThan(250);
  });

  it('replaces a key after its operations', () => {
    const ops = take(independent(options({ keyCount: 1 })), 7);
    expect(ops.map(({ key }) => key)).toEqual(['0', '0', '0', '1', '1', '1', '2']);
    const several = take(independent(options()), 60, at({ random: spread() }));
    for (const of of Map.groupBy(several, ({ key }) => key).values()) {
      expect(of.length).toBeLessThanOrEqual(3);
    }
  });

  it('gives each key a block of values above 0 that no other has', () => {
    const ops = take(independent(options({ keyCount: 4 })), 200, at({ random: spread() }));
    const values = ops.map(({ value }) => Number(value));
    expect(new Set(values).size).toBe(200);
    expect(Math.min(...values)).toBe(1);
    for (const { key, value } of ops) expect(Math.ceil(Number(value) / 3) - 1).toBe(Number(key));
  });

  it('replaces a key after so many operations of unknown outcome', () => {
    const first = independent(options({ keyCount: 1, opsPerKey: 99, unknownPerKey: 2 }));
    const once = first.update(event('info', { key: '0' }));
    expect(given(once.op(at())).op.key).toBe('0');
    const twice = once.update(event('ok', { key: '0' })).update(event('info', { key: '0' }));
    expect(given(twice.op(at())).op).toMatchObject({ key: '1', value: 100 });
    // What comes in of a key that was given up counts for nobody.
    const late = twice.update(event('info', { key: '0' })).update(event('info', { key: '0' }));
    expect(given(late.op(at())).op.key).toBe('1');
  });

  it('counts for each key alone, and neither refusals nor other lines', () => {
    let current: Generator = independent(options({ opsPerKey: 99, unknownPerKey: 2 }));
    for (const line of [
      event('info', { key: '0' }),
      event('info', { key: '1' }),
      event('fail', { key: '0' }),
      event('fail', { key: '0' }),
      event('info', { key: 'recovery' }),
      event('info'),
    ]) {
      current = current.update(line);
    }
    const keys = take(current, 50, at({ random: spread() })).map(({ key }) => key);
    expect(new Set(keys)).toEqual(new Set(['0', '1']));
    const many = independent(options({ keyCount: 1, opsPerKey: 99 }));
    const lost = Array.from({ length: 50 }, () => event('info', { key: '0' }));
    const still = lost.reduce((generator, line) => generator.update(line), many);
    expect(given(still.op(at())).op.key).toBe('0');
  });

  it('tells a key only what is its own', () => {
    const asking = (): Generator => untilOk({ f: 'read', value: null });
    let current: Generator = independent(options({ createGenerator: asking }));
    current = given(current.op(at({ random: () => 0 }))).generator;
    const other = current.update(event('ok', { key: '1' }));
    expect(given(other.op(at({ random: () => 0 }))).op.key).toBe('1');
    const own = current.update(event('ok', { key: '0' }));
    expect(given(own.op(at({ random: () => 0 }))).op.key).toBe('2');
  });

  it('replaces a key that has nothing more to be asked', () => {
    const once = independent(
      options({ keyCount: 1, createGenerator: (_key, first) => limit(1, writes(first)) }),
    );
    expect(take(once, 3)).toEqual([
      { f: 'write', key: '0', value: 1 },
      { f: 'write', key: '1', value: 4 },
      { f: 'write', key: '2', value: 7 },
    ]);
  });

  it('refuses keys of which nothing is ever asked, and no keys at all', () => {
    const empty = independent(options({ createGenerator: () => nothing }));
    expect(() => empty.op(at())).toThrow('nothing is asked of key');
    expect(() => independent(options({ keyCount: 0 })).op(at())).toThrow('at least one key');
  });

  it('keeps what a key has come to that waits', () => {
    const second = unfold(0, {
      next: (turn) => ({ op: turn === 0 ? null : { f: 'now', value: turn }, state: turn + 1 }),
    });
    const next = independent(options({ createGenerator: () => second })).op(at());
    expect(next.type).toBe('pending');
    if (next.type === 'pending') expect(given(next.generator.op(at())).op.value).toBe(1);
  });

  it('asks the other keys while one waits, and waits for the first that is ready', () => {
    const mixed = independent(
      options({ createGenerator: (key) => (key === '0' ? waiting(50 * ms) : named('now')) }),
    );
    expect(given(mixed.op(at({ random: () => 0 }))).op).toMatchObject({ f: 'now', key: '1' });
    const slow = independent(
      options({ createGenerator: (key) => waiting((50 + 10 * Number(key)) * ms) }),
    );
    expect(slow.op(at())).toMatchObject({ type: 'pending', untilNs: 50 * ms });
    const stuck = independent(options({ createGenerator: () => silent }));
    expect(stuck.op(at())).toMatchObject({ type: 'pending', untilNs: null });
  });
});

describe('parts in any order', () => {
  const parts = (...names: readonly string[]): Generator =>
    inAnyOrder(names.map((f) => untilOk({ f, value: null })));
  const ask = (generator: Generator, process: number): Next => generator.op(at({ process }));

  it('are begun by as many processes as ask, and each goes on with its own', () => {
    const first = given(ask(parts('a', 'b'), 0));
    const second = given(ask(first.generator, 1));
    expect([first.op.f, second.op.f]).toEqual(['a', 'b']);
    expect(ask(second.generator, 2).type).toBe('pending');
    const refused = second.generator.update(event('fail', { process: 0, f: 'a' }));
    expect(given(ask(refused, 0)).op.f).toBe('a');
    expect(ask(refused, 1).type).toBe('pending');
  });

  it('go to another process when their own has ended without an answer', () => {
    const begun = given(ask(parts('a', 'b'), 0)).generator;
    const lost = begun.update(event('info', { process: 0, f: 'a' }));
    const again = given(ask(lost, 5));
    expect(again.op.f).toBe('a');
    expect(given(ask(again.generator, 6)).op.f).toBe('b');
  });

  it('are done when each is, and not before', () => {
    const begun = given(ask(parts('a', 'b'), 0)).generator;
    const other = given(ask(begun, 1)).generator;
    const half = other.update(event('ok', { process: 0, f: 'a' }));
    expect(ask(half, 0).type).toBe('pending');
    const whole = half.update(event('ok', { process: 1, f: 'b' }));
    expect(ask(whole, 0).type).toBe('done');
    expect(ask(parts(), 0).type).toBe('done');
  });

  it('change no state that was there before', () => {
    const start = parts('a', 'b');
    const one = given(ask(start, 0));
    one.generator.update(event('ok', { process: 0, f: 'a' }));
    expect(given(ask(start, 3)).op.f).toBe('a');
    expect(given(ask(one.generator, 1)).op.f).toBe('b');
    expect(given(ask(one.generator, 1)).op.f).toBe('b');
  });
});
