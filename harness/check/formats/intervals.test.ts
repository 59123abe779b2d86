import { expect, test } from 'vitest';
import { operationsOf } from '../../../checker/columns.ts';
import type { Operation } from '../../../checker/history.ts';
import { createChecker } from '../../../checker/linearizable.ts';
import { type HistoryFile, HistoryFileError } from '../history-file.ts';
import { loadModel } from '../load-model.ts';
import { readIntervals } from './intervals.ts';

async function* chunksOf(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

type Line = Readonly<Record<string, unknown>>;

function read(...lines: readonly Line[]): Promise<HistoryFile> {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  return readIntervals('h', chunksOf(text), { failedCas: 'drop', nilRead: 'value' });
}

async function operations(...lines: readonly Line[]): Promise<Operation[]> {
  return operationsOf((await read(...lines)).columns);
}

async function isValid(...lines: readonly Line[]): Promise<boolean | 'unknown'> {
  const { columns, failed } = await read(...lines);
  const checker = createChecker({ columns, failed, model: await loadModel('cas-register') });
  for (;;) {
    const verdict = checker.step(1000);
    if (verdict !== null) return verdict.valid;
  }
}

const write = (process: number, value: number, call: number, end: number): Line => {
  return { process, f: 'write', value, call, return: end };
};
const see = (process: number, output: unknown, call: number, end: number): Line => {
  return { process, f: 'read', output, call, return: end };
};

test('lines in any order become operations in the order of their times', async () => {
  const found = await operations(
    {
      process: 1,
      f: 'read',
      key: 'x',
      value: null,
      output: 3,
      call: 17,
      return: 20,
      outcome: 'ok',
    },
    { process: 0, f: 'write', key: 'x', value: 3, call: 2.5, return: 18, node: 'n1' },
    { process: 2, f: 'cas', key: 'x', value: [3, 4], output: false, call: 30, return: 31 },
    { process: 2, f: 'cas', key: 'x', value: [3, 4], call: 32, return: 33 },
    { process: 2, f: 'write', key: 'y', value: 9, call: 40, outcome: 'info' },
    { process: 3, f: 'write', key: 'y', value: 8, call: 41, return: 50, outcome: 'fail' },
  );
  expect(found.map(({ call, f, key, return: end, output }) => [call, f, key, end, output])).toEqual(
    [
      [0, 'write', 'x', 2, null],
      [1, 'read', 'x', 3, 3],
      [4, 'cas', 'x', 5, { swapped: false }],
      [6, 'cas', 'x', 7, { swapped: true }],
      [8, 'write', 'y', null, undefined],
    ],
  );
  expect(found[0]?.node).toBe('n1');
  expect(found[0]?.callTimeNs).toBeUndefined();
});

test('operations that touch in one instant are concurrent, those apart are not', async () => {
  const stale = [write(0, 1, 1, 2), write(0, 2, 3, 5)];
  expect(await isValid(...stale, see(1, 1, 5, 6))).toBe(true);
  expect(await isValid(...stale, see(1, 1, 6, 7))).toBe(false);
});

test('a process may begin its next operation in the instant in which one returned', async () => {
  const found = await operations(
    write(0, 3, 20, 30),
    write(0, 1, 10, 20),
    write(0, 2, 20, 20),
    write(0, 4, 31, 32),
  );
  expect(found.map(({ value, process }) => [value, process])).toEqual([
    [1, 0],
    [2, 1_000_000],
    [3, 1_000_001],
    [4, 0],
  ]);
});

test('a process goes on after an operation that nobody knows the end of', async () => {
  const { columns, counts } = await read(
    { process: 0, f: 'write', value: 1, call: 1, return: 9, outcome: 'info' },
    write(0, 2, 3, 4),
    see(0, 1, 5, 6),
    { process: 0, f: 'write', value: 3, call: 7, outcome: 'info' },
  );
  expect(counts).toEqual({ ok: 2, fail: 0, info: 2, open: 0 });
  expect(operationsOf(columns).map(({ return: end }) => end !== null)).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

const good = { process: 0, f: 'read', output: 1, call: 1, return: 2 };
test.each([
  ['no JSON', '{"process"', 'not JSON'],
  ['no object', '[1]', 'one JSON object'],
  ['no process', { ...good, process: 'a' }, '"process" must be a whole number'],
  ['no name', { ...good, f: '' }, '"f" must be the name'],
  ['no call', { ...good, call: '1' }, '"call" must be a number'],
  ['no return', { ...good, return: null }, 'has the outcome "info"'],
  ['a return before the call', { ...good, call: 3 }, 'it returns at 2, before its call at 3'],
  ['another outcome', { ...good, outcome: 'yes' }, '"outcome" must be one of ok, fail, info'],
  ['a key that is a number', { ...good, key: 7 }, '"key" must be a text'],
  ['a read without what it read', { ...good, output: undefined }, '"output" is missing'],
  ['a number that is rounded', { ...good, output: 2 ** 60 }, 'too large'],
  [
    'an operation inside of another one of its process',
    { ...good, process: 9, call: 11, return: 12 },
    'process 9 calls read at 11, before its operation of line 1 has returned',
  ],
])('%s is refused with its line', async (_, line, words) => {
  const text = typeof line === 'string' ? line : JSON.stringify(line);
  const lines = [JSON.stringify(write(9, 1, 10, 20)), '', text];
  const error: unknown = await readIntervals('h', chunksOf(lines.join('\n')), {
    failedCas: 'drop',
    nilRead: 'value',
  }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(HistoryFileError);
  expect(error).toMatchObject({ code: 'malformed', line: 3 });
  expect(String(error)).toContain(words);
});
