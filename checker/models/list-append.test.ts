import { expect, test } from 'vitest';
import { columnsOf } from '../columns.ts';
import type { FastResult } from '../model.ts';
import { type Draft, did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import {
  checkFast,
  checkOrder,
  compareWithBruteForce,
} from '../testing/random-object-agreement.ts';
import { createListAppend } from './list-append.ts';

const model = createListAppend();
const append = (element: unknown, span: Span) => did('append', [element], span);
const told = (element: unknown, length: number, span: Span) =>
  did('append', [element, length], span);
const read = (elements: unknown, span: Span) => did('read', [null, elements], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, kinds } = compareWithBruteForce(model, 4_000);
  expect(valid).toBeGreaterThan(2_000);
  expect(invalid).toBeGreaterThan(250);
  expect([...kinds.keys()]).toEqual(
    expect.arrayContaining([
      'duplicate-element',
      'failed-write-read',
      'future-read',
      'lost-element',
      'lost-update',
      'misplaced-element',
      'non-monotonic-read',
      'reordered-elements',
      'skipped-value',
      'stale-read',
      'unwritten-value',
    ]),
  );
});

test('reads that fork are a split brain, a loss or another order', () => {
  const appends = [append(1, [0, 1]), append(2, [2, 20]), append(3, [3, 21])];
  const kindOf = (one: unknown, two: unknown, span: Span): unknown =>
    check(...appends, read(one, [4, 7]), read(two, span));
  expect(kindOf([1, 2], [1, 3], [5, 6])).toMatchObject({ finding: { kind: 'split-brain' } });
  expect(kindOf([1, 2], [1, 3], [8, 9])).toMatchObject({ finding: { kind: 'lost-element' } });
  const reordered = kindOf([1, 2], [1, 3, 2], [8, 9]);
  expect(reordered).toMatchObject({ finding: { kind: 'reordered-elements' } });
  expect(reordered).toHaveProperty('finding.core.length', 5);
  expect(JSON.stringify(reordered)).toContain('fork at index 1');
});

test('an append that completed and that a later read lacks is stale or lost', () => {
  const appends = [append(1, [0, 1]), append(2, [2, 3])];
  expect(check(...appends, read([1], [4, 5]), read([1, 2], [6, 7]))).toMatchObject({
    finding: { kind: 'stale-read', core: [{ id: 0 }, { id: 1 }, { id: 2 }] },
  });
  expect(check(...appends, read([1], [4, 5]))).toMatchObject({
    finding: { kind: 'lost-element' },
  });
});

test('an open append that was seen happened, one that was not may be left out', () => {
  expect(check(append(1, [0]), append(2, [1]), read([2], [2, 3])).type).toBe('valid');
  expect(check(read([2], [0, 1]), append(2, [2]))).toMatchObject({
    finding: { kind: 'future-read' },
  });
});

test('an element twice in a read of one append is refused with all appends of the read', () => {
  expect(check(append(1, [0, 1]), append(2, [2, 3]), read([1, 2, 1], [4, 5]))).toMatchObject({
    finding: { kind: 'duplicate-element', core: [{ id: 0 }, { id: 1 }, { id: 2 }] },
  });
});

test('lengths that were told place the appends, also without a read', () => {
  expect(check(told('a', 1, [0, 1]), told('b', 2, [2, 3])).type).toBe('valid');
  expect(check(told('a', 2, [0, 1]), told('b', 1, [2, 3]))).toMatchObject({
    finding: { kind: 'reordered-elements' },
  });
  expect(check(told('a', 1, [0, 3]), told('b', 1, [1, 2]))).toMatchObject({
    finding: { kind: 'lost-update' },
  });
  expect(check(told('a', 2, [0, 1]))).toMatchObject({ finding: { kind: 'skipped-value' } });
  expect(check(append('x', [0]), told('a', 2, [1, 2])).type).toBe('valid');
  expect(check(told('a', 2, [0, 5]), append('b', [1]), read(['a'], [2, 3]))).toMatchObject({
    finding: { kind: 'misplaced-element', core: [{ id: 0 }, { id: 2 }] },
  });
  expect(check(told('a', 2, [0, 5]), told('b', 1, [1, 4]), read(['a'], [2, 3]))).toMatchObject({
    finding: { kind: 'misplaced-element' },
  });
});

test('a length that no list has after an append is refused alone', () => {
  for (const length of [0, -1, 1.5]) {
    const result = check(told('a', length, [0, 1]), append('b', [2, 3]), read([], [4, 5]));
    expect(result).toMatchObject({ finding: { core: [{ id: 0 }] } });
    expect(JSON.stringify(result)).toContain('which no list has after an append');
  }
});

test('an append without a length that must lie between others is behind what was seen', () => {
  const seen = [append('a', [0, 1]), append('x', [2, 3]), told('b', 2, [4, 5])];
  expect(check(...seen, read(['a', 'b'], [6, 7]))).toMatchObject({
    finding: { kind: 'lost-element' },
  });
  expect(check(...seen).type).toBe('undecided');
});

test('an element appended twice is decided when the answers tell which one is where', () => {
  const untold = [append('a', [0, 1]), append('a', [2, 3])];
  expect(check(...untold, read(['a', 'a'], [4, 5])).type).toBe('undecided');
  expect(check(told('a', 1, [0, 1]), told('a', 2, [2, 3]), read(['a', 'a'], [4, 5])).type).toBe(
    'valid',
  );
  expect(check(...untold, read(['a', 'a', 'a'], [4, 5])).type).toBe('invalid');
});

test('elements may be arrays and objects, and null is the empty list', () => {
  const elements = [[1, 2], [1, 2, 3], { b: 1, a: 2 }];
  const appends = elements.map((element, at) => append(element, [2 * at, 2 * at + 1]));
  const operations = history(
    read(null, [-2, -1]),
    ...appends,
    read([[1, 2], [1, 2, 3], { a: 2, b: 1 }], [6, 7]),
  );
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
});

test('ten thousand appends and reads of all of them are decided and replayed', () => {
  const appends = Array.from({ length: 10_000 }, (_, at) => append(at, [3 * at, 3 * at + 1]));
  const all = appends.map((_, at) => at);
  const reads = [5_000, 7_500, 10_000].map((length) =>
    read(all.slice(0, length), [3 * length - 1, 3 * length + 29_999]),
  );
  const operations = history(...appends, ...reads);
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type !== 'valid') return;
  const replays = model.replayer(columnsOf(operations));
  expect(result.order.every((row) => replays(row))).toBe(true);
});

test('what is no list and an append of nothing are malformed', () => {
  const bad = history(read('a', [0, 1]), append(null, [2, 3]));
  for (const operation of bad) expect(model.check(operation)).not.toBeNull();
  expect(model.findBad(columnsOf(bad.slice(1)))).toMatchObject({ row: 0 });
});
