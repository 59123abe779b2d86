import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { pointsOf, quantile, statsOf } from './stats.ts';

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
  expect(pointsOf(ops).at(-1)).toMatchObject({ type: 'info', latencyNs: null, id: 9 });
});

test('errors are grouped by outcome, function and code, the most frequent first', () => {
  expect(statsOf(ops).errors).toEqual([
    { type: 'info', f: 'write', code: 'timeout', count: 2, example: 'first words' },
    { type: 'fail', f: 'read', code: 'NOLEADER', count: 1, example: '' },
  ]);
});

test('a quantile is a value that was measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile(hundred, 1)).toBe(100);
  expect(quantile([7], 0.01)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
});

test('keys are counted once each', () => {
  const drafts = ['a', 'b', 'a'].map((key) => ({ process: 0, type: 'invoke', key }) as const);
  expect(statsOf(history(...drafts)).keys).toBe(2);
});

test('an empty history has figures too', () => {
  expect(statsOf([])).toMatchObject({ invoked: 0, ok: 0, okPerSecond: 0, errors: [], byF: [] });
});
