import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { HistoryError } from '../../checker/pairing.ts';
import { type CheckLimits, checkHistory } from './check-history.ts';
import { groupBySize, type KeySize, lostVerdict } from './check-pool.ts';
import { HistoryFileError } from './history-file.ts';

const limits: CheckLimits = {
  model: 'cas-register',
  timeLimitMs: 60_000,
  memoryLimitBytes: 1e9,
};
const inWorkers: CheckLimits = { ...limits, workerOperationsMin: 0 };

type Line = Pick<Op, 'type' | 'f' | 'value'> & Partial<Op>;

function number(lines: readonly Line[]): Op[] {
  return lines.map((line, index) => ({ index, timeNs: index, process: 0, ...line }));
}

/** One client per key that writes and reads what it wrote; a stale read ends the keys named. */
function history(keys: readonly string[], staleKeys: readonly string[] = []): Op[] {
  const lines = keys.flatMap((key): Line[] => {
    const call = (f: string, value: unknown, seen: unknown = value): Line[] => [
      { type: 'invoke', f, key, value: f === 'read' ? null : value },
      { type: 'ok', f, key, value: seen },
    ];
    const stale = staleKeys.includes(key) ? call('read', null, 1) : [];
    return [...call('write', 1), ...call('write', 2), ...call('read', 2), ...stale];
  });
  return number(lines);
}

/** Writes that all overlap and reads that no order of them satisfies: the search tries them all. */
function hard(key: string, firstProcess: number, count = 26): Line[] {
  const writers = Array.from({ length: count }, (_, at) => at);
  const write = (type: 'invoke' | 'ok', at: number): Line => ({
    type,
    f: 'write',
    key,
    value: at % 13,
    process: firstProcess + at,
  });
  const read = (at: number): Line[] => [
    { type: 'invoke', f: 'read', key, value: null, process: firstProcess },
    { type: 'ok', f: 'read', key, value: at % 13, process: firstProcess },
  ];
  return [
    ...writers.map((at) => write('invoke', at)),
    ...writers.map((at) => write('ok', at)),
    ...writers.flatMap(read),
  ];
}

const keys = ['a', 'b', 'c', 'd', 'e'];

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s a history of several keys is valid, with an order for each key', async (_, where) => {
  const verdict = await checkHistory({ ...where, ops: history(keys) });
  expect(verdict).toMatchObject({ valid: true, operations: 15 });
  if (verdict.valid !== true) throw new Error('narrowed');
  expect(verdict.linearizations.map(({ key }) => key).sort()).toEqual(keys);
  const orders = new Map(verdict.linearizations.map(({ key, order }) => [key, [...order]]));
  expect(orders.get('b')).toEqual([6, 8, 10]);
});

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s a stale read on one of the keys is found and explained', async (_, where) => {
  const verdict = await checkHistory({ ...where, ops: history(keys, ['d']) });
  expect(verdict).toMatchObject({
    valid: false,
    keys: ['d'],
    witness: { key: 'd', kind: 'stale-read', confirmedBy: 'brute-force' },
  });
});

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s the time limit holds inside the search, and gives unknown', async (_, where) => {
  const ops = number([...hard('x', 0), ...hard('y', 100)]);
  const verdict = await checkHistory({ ...where, timeLimitMs: 300, ops });
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'time' });
  if (verdict.valid !== 'unknown') throw new Error('narrowed');
  expect([...verdict.keys].sort()).toEqual(['x', 'y']);
});

test('a limit of steps gives the same unknown each time, however fast the machine is', async () => {
  const ops = number([...hard('x', 0), ...hard('y', 100)]);
  const check = () => checkHistory({ ...limits, stepsMax: 50_000, ops });
  const verdict = await check();
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'steps' });
  expect(await check()).toEqual(verdict);
});

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s the memory limit holds inside the search, and gives unknown', async (_, where) => {
  const ops = number([...hard('x', 0), ...hard('y', 100)]);
  const verdict = await checkHistory({ ...where, memoryLimitBytes: 2e6, ops });
  expect(verdict).toMatchObject({ valid: 'unknown', reason: 'memory' });
});

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s an interruption ends the search with what is known', async (_, where) => {
  const abort = new AbortController();
  const ops = number([...hard('x', 0), ...hard('y', 100)]);
  const checking = checkHistory({ ...where, signal: abort.signal, ops });
  setImmediate(() => abort.abort());
  expect(await checking).toMatchObject({ valid: 'unknown', reason: 'interrupted' });
});

test.each([
  ['here', limits],
  ['in worker threads', inWorkers],
])('%s a violation on an easy key is not held up by a hard one', async (_, where) => {
  const easy = history(['a'], ['a']).map((op) => ({ ...op, process: 500 }));
  const ops = number([...hard('x', 0), ...easy]).map((op, index) => ({ ...op, index }));
  expect(await checkHistory({ ...where, ops })).toMatchObject({ valid: false, keys: ['a'] });
});

test('a file is checked as its lines are, and an error of the model names the line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-check-'));
  try {
    const historyPath = join(folder, 'history.jsonl');
    const write = (ops: readonly Op[]): void => {
      const header = { format: 'rafture-history', version: 1 };
      writeFileSync(historyPath, [header, ...ops].map((line) => JSON.stringify(line)).join('\n'));
    };
    write(history(keys, ['b']));
    expect(await checkHistory({ ...limits, historyPath })).toMatchObject({
      valid: false,
      keys: ['b'],
    });
    write(number([{ type: 'invoke', f: 'append', value: 1 }]));
    const refused = checkHistory({ ...limits, historyPath });
    await expect(refused).rejects.toThrow(HistoryFileError);
    await expect(refused).rejects.toThrow('line 2: the model cas-register knows read, write, cas');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('malformed ops in memory and a model that there is not are refused', async () => {
  const ops = number([{ type: 'ok', f: 'read', value: null }]);
  await expect(checkHistory({ ...limits, ops })).rejects.toThrow(HistoryError);
  const unknownModel = checkHistory({ ...limits, model: 'queue', ops: [] });
  await expect(unknownModel).rejects.toThrow('there is no model queue; there are cas-register, c');
});

test('keys are shared out so that the groups are of about the same size', () => {
  const size = (key: string, operations: number): KeySize => ({ key, operations });
  const groups = groupBySize([size('a', 5), size('b', 1), size('c', 4), size('d', 3)], 2);
  expect(groups.map((group) => group.map(({ key }) => key))).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(groupBySize([size('a', 1)], 8)).toHaveLength(1);
});

test('the keys of a worker that died are unknown, never valid', () => {
  const group = [{ key: 'a', operations: 3 }];
  const full = Object.assign(new Error('full'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });
  expect(lostVerdict(group, full)).toMatchObject({ valid: 'unknown', reason: 'memory' });
  const broken = lostVerdict(group, new Error('broken'));
  expect(broken).toMatchObject({ valid: 'unknown', reason: 'crashed', keys: ['a'] });
  expect(broken.message).toContain('broken');
});
