import { expect, test } from 'vitest';
import { operationsOf } from './columns.ts';
import type { Op, Operation } from './history.ts';
import { type HistoryCounts, HistoryError, pairHistory as pairColumns } from './pairing.ts';

type Line = Pick<Op, 'process' | 'type' | 'f'> & Partial<Op>;

function ops(...lines: readonly Line[]): Op[] {
  return lines.map((line, index) => ({ index, timeNs: index, value: null, ...line }));
}

interface Paired {
  readonly operations: Operation[];
  readonly failed: Operation[];
  readonly counts: HistoryCounts;
}

/** As records, without their times. */
function pairHistory(lines: Iterable<Op>): Paired {
  const { columns, failed, counts } = pairColumns(lines);
  const untimed = { callTimeNs: null, returnTimeNs: null };
  return {
    operations: operationsOf({ ...columns, ...untimed }),
    failed: operationsOf({ ...failed, ...untimed }),
    counts,
  };
}

const invoke: Line = { process: 0, type: 'invoke', f: 'read' };

test('an invocation and its completion are one operation, with its answer', () => {
  const { operations, counts } = pairHistory(
    ops(
      { process: 3, type: 'invoke', f: 'write', key: '7', value: 41, node: 'n1' },
      { process: 3, type: 'ok', f: 'write', key: '7', value: 41, node: 'n2' },
      { process: 3, type: 'invoke', f: 'read', key: '7' },
      { process: 3, type: 'ok', f: 'read', key: '7', value: 41 },
    ),
  );
  expect(operations).toEqual([
    {
      id: 0,
      process: 3,
      f: 'write',
      key: '7',
      value: 41,
      output: 41,
      call: 0,
      return: 1,
      node: 'n2',
    },
    { id: 2, process: 3, f: 'read', key: '7', value: null, output: 41, call: 2, return: 3 },
  ]);
  expect(counts).toEqual({ ok: 2, fail: 0, info: 0, open: 0 });
});

test('the result record of a cas is its output', () => {
  const result = { swapped: false, seen: 41 };
  const { operations } = pairHistory(
    ops(
      { process: 0, type: 'invoke', f: 'cas', value: [40, 42] },
      { process: 0, type: 'ok', f: 'cas', value: [40, 42], result },
    ),
  );
  expect(operations[0]?.output).toEqual(result);
});

test('a failed operation is set apart: it did not happen', () => {
  const { operations, failed } = pairHistory(
    ops({ ...invoke, f: 'write', value: 1 }, { process: 0, type: 'fail', f: 'write', value: 1 }),
  );
  expect(operations).toEqual([]);
  expect(failed.map(({ id }) => id)).toEqual([0]);
});

test('an operation with info or without any completion stays open for ever', () => {
  const { operations, counts } = pairHistory(
    ops(invoke, { process: 0, type: 'info', f: 'read' }, { ...invoke, process: 1 }),
  );
  expect(operations.map((operation) => operation.return)).toEqual([null, null]);
  expect(operations.map((operation) => operation.output)).toEqual([undefined, undefined]);
  expect(counts).toEqual({ ok: 0, fail: 0, info: 1, open: 1 });
});

test('lines of the nemesis are no operations, whatever they look like', () => {
  const { operations } = pairHistory(
    ops(
      { process: 'nemesis', type: 'info', f: 'partition', value: { shape: 'halves' } },
      { process: 'nemesis', type: 'invoke', f: 'kill' },
      { process: 'nemesis', type: 'invoke', f: 'kill' },
    ),
  );
  expect(operations).toEqual([]);
});

test.each([
  ['two open operations of a process', [invoke, invoke], 1, 'still open'],
  ['a completion without an invocation', [{ ...invoke, type: 'ok' }], 0, 'no open operation'],
  [
    'a process that goes on after an info',
    [invoke, { ...invoke, type: 'info' }, invoke],
    2,
    'takes a new process id',
  ],
  ['a completion of something else', [invoke, { ...invoke, type: 'ok', f: 'write' }], 1, 'is read'],
  [
    'a completion of another key',
    [
      { ...invoke, key: '1' },
      { ...invoke, type: 'ok', key: '2' },
    ],
    1,
    'read of key 1',
  ],
  ['an index out of order', [{ ...invoke, index: 3 }], 0, 'index 3 where 0 should stand'],
] satisfies [string, Line[], number, string][])(
  '%s is malformed, and the error says where',
  (_, lines, index, words) => {
    const pair = (): unknown => pairHistory(ops(...lines));
    expect(pair).toThrow(HistoryError);
    expect(pair).toThrow(words);
    expect(pair).toThrow(expect.objectContaining({ index }));
  },
);
