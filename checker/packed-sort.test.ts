import { expect, test } from 'vitest';
import { rowsSortedBy } from './packed-sort.ts';

test('rows are sorted by key and keep their order where keys are equal', () => {
  expect([...rowsSortedBy(Int32Array.of(5, -1, 5, 0))]).toEqual([1, 3, 0, 2]);
  expect([...rowsSortedBy(new Int32Array(0))]).toEqual([]);
});

test('keys that are too far apart to be packed are sorted as well', () => {
  const far = Number.MAX_SAFE_INTEGER;
  expect([...rowsSortedBy(Float64Array.of(far, -far, 3, -far))]).toEqual([1, 3, 2, 0]);
});
