import { expect, test } from 'vitest';
import { columnsOf } from '../columns.ts';
import { did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import { coreOf, findRankConflict, insertFreeRows, rowsByRank } from './ranks.ts';

const columnsWith = (...spans: readonly Span[]) =>
  columnsOf(history(...spans.map((span) => did('read', [null], span))));

test('equal ranks are free of each other, whatever real time says', () => {
  const columns = columnsWith([0, 1], [2, 3], [4, 5]);
  const ranks = Float64Array.of(7, 7, 7);
  expect(findRankConflict(columns, rowsByRank(ranks), ranks)).toBeNull();
});

test('who returned before one of a smaller rank was invoked is found with that one', () => {
  const columns = columnsWith([0, 1], [2, 3], [4, 5]);
  const ranks = Float64Array.of(2, 0, 1);
  const conflict = findRankConflict(columns, rowsByRank(ranks), ranks);
  expect(conflict).toEqual({ smaller: 2, larger: 0 });
});

test('rows without a rank are left out, and touching intervals are concurrent', () => {
  const columns = columnsWith([0, 4], [2, 3], [4, 5]);
  const ranks = Float64Array.of(1, -1, 0);
  const sorted = rowsByRank(ranks);
  expect([...sorted]).toEqual([2, 0]);
  expect(findRankConflict(columns, sorted, ranks)).toBeNull();
});

test('rows that may stand anywhere overtake nobody', () => {
  const columns = columnsWith([0, 9], [1, 2], [3, 4], [5, 6], [10, 11]);
  const merged = insertFreeRows(columns, Uint32Array.of(3, 0), [1, 2, 4]);
  expect([...merged]).toEqual([1, 2, 3, 0, 4]);
});

test('a core has its support, but not more of it than anybody would read', () => {
  const spans = Array.from({ length: 100 }, (_, at): Span => [2 * at, 2 * at + 1]);
  const columns = columnsWith(...spans);
  const ids = (support: number): number[] =>
    coreOf(
      columns,
      [99, 3],
      Array.from({ length: support }, (_, row) => row),
    ).map(({ id }) => id);
  expect(ids(2)).toEqual([0, 1, 3, 99]);
  expect(ids(90)).toEqual([3, 99]);
});
