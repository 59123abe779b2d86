import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { createRandomStream } from '../run/random.ts';
import { Latencies } from './latencies.ts';
import { statsOf } from './stats.ts';

function history(...drafts: (Partial<Op> & Pick<Op, 'process' | 'type'>)[]): Op[] {
  return drafts.map((draft, index) => ({
    index,
    timeNs: index * 1e6,
    f: 'read',
    value: null,
    ...draft,
  }));
}

const ops = history(
  { process: 0, type: 'invoke', f: 'write' },
  { process: 1, type: 'invoke' },
  { process: 'nemesis', type: 'info', f: 'kill' },
  { process: 1, type: 'ok' },
  { process: 0, type: 'info', f: 'write', error: { code: 'timeout', message: 'first words' } },
  { process: 10, type: 'invoke', f: 'write' },
  { process: 10, type: 'info', f: 'write', error: { code: 'timeout', message: 'other words' } },
  { process: 1, type: 'invoke' },
  { process: 1, type: 'fail', error: { code: 'NOLEADER' } },
  { process: 20, type: 'invoke' },
);

test('every invocation of a client is counted once, by function and outcome', () => {
  const stats = statsOf(ops);
  expect(stats).toMatchObject({ invoked: 5, ok: 1, fail: 1, info: 3, keys: 0, durationNs: 9e6 });
  expect(stats.byF).toEqual([
    { f: 'read', ok: 1, fail: 1, info: 1 },
    { f: 'write', ok: 0, fail: 0, info: 2 },
  ]);
  expect(stats.okPerSecond).toBeCloseTo(1 / 0.009);
});

test('an operation without a completion line is unknown and has no latency', () => {
  const { latencies } = statsOf(ops);
  expect(latencies.map(({ f, type, count }) => [f, type, count])).toEqual([
    ['read', 'ok', 1],
    ['read', 'fail', 1],
    ['write', 'info', 2],
  ]);
  expect(latencies[0]).toMatchObject({ p50Ms: 2, p95Ms: 2, p99Ms: 2, maxMs: 2 });
  expect(latencies[2]).toMatchObject({ p50Ms: 1, maxMs: 4 });
});

test('the latency of what was held back counts from when it was due', () => {
  const held = history(
    { process: 0, type: 'invoke', timeNs: 9e9, scheduledNs: 2e9 },
    { process: 0, type: 'ok', timeNs: 9.5e9 },
  );
  expect(statsOf(held).latencies[0]).toMatchObject({ count: 1, p50Ms: 7500, maxMs: 7500 });
});

test('a completion of nothing is no operation', () => {
  const none = statsOf(history({ process: 0, type: 'ok' }, { process: 0, type: 'invoke' }));
  expect(none).toMatchObject({ invoked: 1, ok: 0, info: 1, latencies: [] });
  const twice = (['invoke', 'ok', 'ok'] as const).map((type) => ({ process: 0, type }));
  expect(statsOf(history(...twice))).toMatchObject({ invoked: 1, ok: 1, info: 0 });
});

test('the figures are the same from a history that is made line by line', () => {
  function* lines(): Generator<Op> {
    yield* ops;
  }
  expect(statsOf(lines())).toEqual(statsOf(ops));
});

test('errors are grouped by outcome, function and code, the most frequent first', () => {
  expect(statsOf(ops).errors).toEqual([
    { type: 'info', f: 'write', code: 'timeout', count: 2, example: 'first words' },
    { type: 'fail', f: 'read', code: 'NOLEADER', count: 1, example: '' },
  ]);
});

function latencies(values: Iterable<number>): Latencies {
  const all = new Latencies();
  for (const value of values) all.add(value);
  return all;
}

test('a quantile is a value that was measured, by nearest rank', () => {
  const hundred = latencies(Array.from({ length: 100 }, (_, index) => 100 - index));
  expect(hundred.quantilesNs([0.001, 0.5, 0.99, 1])).toEqual([1, 50, 99, 100]);
  expect(latencies([7]).quantilesNs([0.01])).toEqual([7]);
  expect(latencies([3, 1, 2]).quantilesNs([0, 0.34, 0.66])).toEqual([1, 2, 2]);
  expect(latencies([]).quantilesNs([0.5])).toEqual([Number.NaN]);
});

const fractions = [0.0001, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999];

test('fifty thousand latencies have exact quantiles, more have them within 0.2 %', () => {
  const random = createRandomStream(1, 'latencies');
  // From a nanosecond to some hours, each power of ten as often as the others.
  const values = Array.from({ length: 50_001 }, () => Math.floor(10 ** (random() * 13)));
  for (const count of [50_000, 50_001]) {
    const own = values.slice(0, count);
    const found = latencies(own).quantilesNs(fractions);
    const sorted = own.sort((a, b) => a - b);
    const exact = fractions.map((q) => sorted[Math.ceil(q * count) - 1] ?? Number.NaN);
    if (count === 50_000) expect(found).toEqual(exact);
    else expect(found).not.toEqual(exact);
    for (const [at, value] of exact.entries()) {
      expect(Math.abs((found[at] ?? Number.NaN) - value) / value).toBeLessThanOrEqual(0.002);
    }
    expect(latencies(own).quantilesNs([1])).toEqual([sorted.at(-1)]);
  }
});

test('in the histogram small latencies stay exact, and none is above the greatest', () => {
  const small = latencies(Array.from({ length: 60_000 }, (_, at) => at % 500));
  expect(small.quantilesNs([0.5, 1])).toEqual([249, 499]);
  const same = latencies(Array.from({ length: 60_000 }, () => 1_000_001));
  expect(same.quantilesNs([0.01, 0.5, 0.99, 1])).toEqual(Array(4).fill(1_000_001));
  const early = latencies(Array.from({ length: 60_001 }, (_, at) => (at % 2 === 0 ? -9 : 1000)));
  expect(early.quantilesNs([0.5])).toEqual([0]);
  const powers = [2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER];
  for (const power of powers) {
    const below = latencies([...Array(60_000).fill(power), 2 * power]);
    const [median = Number.NaN] = below.quantilesNs([0.5]);
    expect(Math.abs(median - power) / power, `${power}`).toBeLessThanOrEqual(0.002);
  }
});

test('keys are counted once each', () => {
  const drafts = ['a', 'b', 'a'].map((key) => ({ process: 0, type: 'invoke', key }) as const);
  expect(statsOf(history(...drafts)).keys).toBe(2);
});

test('an empty history has figures too', () => {
  expect(statsOf([])).toMatchObject({ invoked: 0, ok: 0, okPerSecond: 0, errors: [], byF: [] });
});
