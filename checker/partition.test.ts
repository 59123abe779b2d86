import { expect, test } from 'vitest';
import { columnsOf, createColumns, operationsOf } from './columns.ts';
import { createRegister } from './models/register.ts';
import { type KeyHistory, mergeVerdicts, partitionByKey, partitionByModel } from './partition.ts';
import { history, read, write } from './testing/operations.ts';
import type { InvalidVerdict, UnknownVerdict, ValidVerdict } from './verdict.ts';

const valid: ValidVerdict = {
  valid: true,
  operations: 2,
  linearizations: [{ key: 'a', order: Uint32Array.of(1, 0) }],
};
const unknown: UnknownVerdict = {
  valid: 'unknown',
  operations: 3,
  reason: 'time',
  key: 'b',
  keys: ['b'],
  position: 7,
  message: 'no time',
};
const invalid: InvalidVerdict = {
  valid: false,
  operations: 4,
  keys: ['c'],
  witness: {
    key: 'c',
    kind: 'stale-read',
    sentence: 'It was stale.',
    operations: history(write(1, [0, 1]), read(null, [2, 3])),
    longestOrder: [],
    states: ['null'],
    remaining: [],
    openEnded: [],
    confirmedBy: 'brute-force',
  },
};

test('keys are split in the order in which they appear, failed operations with their key', () => {
  const operations = history(write(1, [0, 1]), write(2, [2, 3]), write(3, [4, 5])).map(
    (operation, at) => ({ ...operation, key: at === 1 ? 'y' : 'x' }),
  );
  const [first, second, third] = operations;
  if (first === undefined || second === undefined || third === undefined) throw new Error('three');
  const parts = partitionByKey(columnsOf([first, second]), columnsOf([third])).map((part) =>
    part.select(),
  );
  const records = parts.map(({ key, columns, failed }) => ({
    key,
    operations: operationsOf(columns),
    failed: operationsOf(failed),
  }));
  expect(records).toEqual([
    { key: 'x', operations: [first], failed: [third] },
    { key: 'y', operations: [second], failed: [] },
  ]);
});

test('a violation is never hidden by an unknown, nor an unknown by a pass', () => {
  expect(mergeVerdicts([valid, unknown, invalid])).toMatchObject({ valid: false, operations: 9 });
  expect(mergeVerdicts([valid, unknown])).toEqual({ ...unknown, operations: 5, decidedKeys: 1 });
  expect(mergeVerdicts([valid, valid])).toMatchObject({ valid: true, operations: 4 });
  expect(mergeVerdicts([])).toEqual({ valid: true, operations: 0, linearizations: [] });
});

test('of several violations the shortest confirmed witness is shown, its key first', () => {
  const witness = { ...invalid.witness, key: 'd' };
  const long = { ...witness, operations: [...witness.operations, ...witness.operations] };
  const other: InvalidVerdict = { ...invalid, keys: ['d'], witness: long };
  expect(mergeVerdicts([other, invalid])).toMatchObject({ keys: ['c', 'd'] });
  const unconfirmed: InvalidVerdict = {
    ...invalid,
    keys: ['e'],
    witness: { ...witness, operations: [], confirmedBy: null },
  };
  expect(mergeVerdicts([unconfirmed, invalid])).toMatchObject({ keys: ['c', 'e'] });
});

test('all undecided keys are named', () => {
  const other: UnknownVerdict = { ...unknown, key: 'z', keys: ['z'] };
  expect(mergeVerdicts([unknown, other])).toMatchObject({ key: 'b', keys: ['b', 'z'] });
});

test('keys that a violation left undecided are named, and none of them counts as checked', () => {
  expect(mergeVerdicts([invalid, unknown, valid])).toMatchObject({ undecided: ['b'] });
  const onSameKey: UnknownVerdict = { ...unknown, key: 'c', keys: ['c'] };
  expect(mergeVerdicts([invalid, onSameKey])).not.toHaveProperty('undecided');
  const merged = mergeVerdicts([invalid, unknown]);
  const later: InvalidVerdict = { ...invalid, keys: ['d'] };
  expect(mergeVerdicts([merged, later])).toMatchObject({ keys: ['c', 'd'], undecided: ['b'] });
});

test('a key counts as decided only when none of its parts is open', () => {
  const half: ValidVerdict = { ...valid, linearizations: [{ key: 'b', order: Uint32Array.of(1) }] };
  expect(mergeVerdicts([half, unknown])).not.toHaveProperty('decidedKeys');
  const before = mergeVerdicts([valid, unknown]);
  const other: UnknownVerdict = { ...unknown, key: 'z', keys: ['z'], decidedKeys: 3 };
  expect(mergeVerdicts([before, other])).toMatchObject({ keys: ['b', 'z'], decidedKeys: 4 });
});

test('only the keys that are asked for are split off, and their sizes are known before', () => {
  const columns = columnsOf(
    history(write(1, [0, 1]), write(2, [2, 3]), write(3, [4, 5])).map((operation, at) => ({
      ...operation,
      key: at === 1 ? 'y' : 'x',
    })),
  );
  const only = partitionByKey(columns, columnsOf([]), ['y']).map((part) => part.select());
  expect(only.map(({ key, columns: { count } }) => [key, count])).toEqual([['y', 1]]);
  const all = partitionByKey(columns, columnsOf([]));
  expect(all.map(({ key, operations }) => [key, operations])).toEqual([
    ['x', 2],
    ['y', 1],
  ]);
});

test('a hundred thousand parts of one key cost little more than their operations', () => {
  const count = 200_000;
  const columns = createColumns(count, columnsOf([]).tables);
  const part: KeyHistory = { key: null, columns, failed: columnsOf([]) };
  const model = {
    ...createRegister(),
    parts: (): Int32Array => Int32Array.from({ length: count }, (_, row) => row >> 1),
  };
  const groups = partitionByModel(part, model) ?? [];
  expect(groups.length).toBe(count / 2);
  expect(groups.at(-1)).toEqual(Int32Array.of(count - 2, count - 1));
  expect(new Set(groups.map(({ buffer }) => buffer)).size).toBe(1);
});
