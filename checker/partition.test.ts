import { expect, test } from 'vitest';
import { columnsOf, operationsOf } from './columns.ts';
import { mergeVerdicts, partitionByKey } from './partition.ts';
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
  const parts = partitionByKey(columnsOf([first, second]), columnsOf([third]));
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
  expect(mergeVerdicts([valid, unknown])).toEqual({ ...unknown, operations: 5 });
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
