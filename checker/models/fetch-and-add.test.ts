import { expect, test } from 'vitest';
import type { FastResult } from '../model.ts';
import { type Draft, did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import {
  checkFast,
  checkOrder,
  compareWithBruteForce,
} from '../testing/random-object-agreement.ts';
import { createFetchAndAdd } from './fetch-and-add.ts';

const model = createFetchAndAdd();
const fetched = (old: unknown, span: Span) => did('fetch-and-add', [null, old], span);
const added = (amount: unknown, old: unknown, span: Span) =>
  did('fetch-and-add', [amount, old], span);
const read = (value: unknown, span: Span) => did('read', [null, value], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, kinds } = compareWithBruteForce(model, 3_000);
  expect(valid).toBeGreaterThan(1_500);
  expect(invalid).toBeGreaterThan(300);
  const all = [
    'impossible-read',
    'lost-update',
    'non-monotonic-read',
    'skipped-value',
    'stale-read',
  ];
  expect([...kinds.keys()].sort()).toEqual(all);
});

test('two that found the same value have lost an update', () => {
  expect(check(fetched(0, [0, 3]), fetched(0, [1, 2]))).toMatchObject({
    finding: { kind: 'lost-update', core: [{ id: 0 }, { id: 1 }] },
  });
});

test('a value that nobody found must have been found by an open one, invoked in time', () => {
  expect(check(fetched(0, [0, 1]), fetched(null, [2]), fetched(2, [3, 4])).type).toBe('valid');
  expect(check(fetched(0, [0, 1]), fetched(2, [3, 4]), fetched(null, [5]))).toMatchObject({
    finding: { kind: 'skipped-value' },
  });
  expect(check(fetched(null, [0]), fetched(0, [1, 2]), fetched(1, [3, 4])).type).toBe('valid');
});

test('two open ones fill two gaps, the one that was invoked first the first', () => {
  const operations = history(
    fetched(null, [0]),
    fetched(1, [1, 2]),
    fetched(null, [3]),
    fetched(3, [4, 5]),
  );
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
});

test('a smaller value after a larger one is refused with those that led to the larger one', () => {
  const result = check(fetched(0, [0, 8]), fetched(1, [1, 7]), read(2, [3, 4]), read(1, [5, 6]));
  expect(result).toMatchObject({ finding: { kind: 'non-monotonic-read' } });
  expect(result).toHaveProperty('finding.core.length', 4);
});

test('amounts that differ are decided as long as nobody who is open must have helped', () => {
  expect(check(added(2, 0, [0, 1]), added(3, 2, [2, 3]), read(5, [4, 5])).type).toBe('valid');
  expect(check(added(2, 0, [0, 1]), read(1, [2, 3]))).toMatchObject({
    finding: { kind: 'impossible-read' },
  });
  expect(check(added(2, 0, [0, 1]), added(3, 3, [2, 3])).type).toBe('invalid');
  const open = [added(1, null, [0]), added(2, null, [1])];
  expect(check(...open, read(3, [2, 3])).type).toBe('undecided');
  expect(check(...open, read(4, [2, 3]))).toMatchObject({ finding: { kind: 'skipped-value' } });
  expect(check(added(1, 0, [0, 1]), added(-1, 1, [2, 3])).type).toBe('undecided');
});

test('one negative amount, and amounts of 0, are as good as 1', () => {
  expect(check(added(-2, 0, [0, 1]), added(0, -2, [2, 3]), read(-2, [4, 5])).type).toBe('valid');
  expect(check(added(-2, 0, [0, 1]), read(2, [2, 3])).type).toBe('invalid');
  expect(check(added(-2, 0, [0, 1]), read(-1, [2, 3])).type).toBe('invalid');
  expect(check(added(0, 0, [0, 1]), read(1, [2, 3])).type).toBe('invalid');
  const open = [added(2, null, [0]), added(2, null, [1])];
  expect(check(...open, read(3, [2, 3]))).toMatchObject({ finding: { kind: 'impossible-read' } });
});

test('a hundred thousand in a row, every hundredth open, are decided', () => {
  const operations = history(
    ...Array.from({ length: 100_000 }, (_, at) =>
      at % 100 === 7 ? fetched(null, [2 * at]) : fetched(at, [2 * at, 2 * at + 1]),
    ),
  );
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
});

test('values that are no integers are malformed', () => {
  for (const operation of history(added('1', 0, [0, 1]), fetched(null, [2, 3]))) {
    expect(model.check(operation)).toContain('integer');
  }
  expect(history(fetched(0, [0, 1]), fetched(null, [2])).map(model.check)).toEqual([null, null]);
});
