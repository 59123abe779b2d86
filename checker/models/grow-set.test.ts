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
import { createGrowSet } from './grow-set.ts';

const model = createGrowSet();
const add = (element: unknown, span: Span) => did('add', [element], span);
const read = (elements: unknown, span: Span) => did('read', [null, elements], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, undecided, kinds } = compareWithBruteForce(model, 4_000);
  expect(undecided).toBe(0);
  expect(Math.min(valid, invalid)).toBeGreaterThan(200);
  expect([...kinds.keys()]).toEqual(
    expect.arrayContaining([
      'duplicate-element',
      'failed-write-read',
      'future-read',
      'lost-element',
      'non-monotonic-read',
      'stale-read',
      'unwritten-value',
    ]),
  );
});

test('an element whose add completed and that nobody ever saw is lost', () => {
  const result = check(add(1, [0, 1]), add(2, [2, 3]), read([2], [4, 5]));
  expect(result).toMatchObject({ finding: { kind: 'lost-element' } });
  // The read with the add of what it showed, and the add of what it did not.
  expect(result).toHaveProperty('finding.core.length', 3);
});

test('two reads at one time of which each lacks an element of the other are a split brain', () => {
  const adds = [add(1, [0, 10]), add(2, [1, 11])];
  expect(check(...adds, read([1], [2, 5]), read([2], [3, 4]))).toMatchObject({
    finding: { kind: 'split-brain' },
  });
  expect(check(...adds, read([1], [2, 3]), read([2], [4, 5]))).toMatchObject({
    finding: { kind: 'lost-element' },
  });
});

test('an element that was seen before one whose add had completed earlier is reordered', () => {
  const adds = [add('a', [1, 2]), add('b', [3, 9])];
  expect(check(...adds, read(['b'], [0, 10]), read(['a', 'b'], [11, 12]))).toMatchObject({
    finding: { kind: 'reordered-elements' },
  });
});

test('of several adds of one element any may have brought it', () => {
  const twice = [add(1, [0]), add(1, [4, 5])];
  expect(check(...twice, read([], [1, 2]), read([1], [6, 7])).type).toBe('valid');
  expect(check(...twice, read([1], [2, 3])).type).toBe('valid');
  expect(check(...twice, read([], [6, 7])).type).toBe('invalid');
  expect(check(add(1, [0, 1]), add(1, [2, 3]), read([], [4, 5])).type).toBe('invalid');
});

test('the order of an answer means nothing, an element twice in it is refused', () => {
  const adds = [add(1, [0, 1]), add([2, 3], [2, 3])];
  expect(check(...adds, read([[2, 3], 1], [4, 5]), read([1, [2, 3]], [6, 7])).type).toBe('valid');
  expect(check(...adds, read([1, 1, [2, 3]], [4, 5]))).toMatchObject({
    finding: { kind: 'duplicate-element', core: [{ id: 2 }] },
  });
});

test('an element of nobody is named after its add where there is one that cannot have been', () => {
  const [before, after] = history(read([5], [0, 1]), add(5, [2, 3]));
  if (before === undefined || after === undefined) throw new Error('two operations');
  expect(checkFast(model, [before])).toMatchObject({ finding: { kind: 'unwritten-value' } });
  expect(checkFast(model, [before], [after])).toMatchObject({
    finding: { kind: 'failed-write-read' },
  });
  const context = columnsOf([before, after]);
  const part = model.fast?.({ columns: columnsOf([before]), failed: columnsOf([]), context });
  expect(part).toMatchObject({ finding: { kind: 'future-read', core: [before, after] } });
});

test('thirty thousand open adds and sixty thousand completed ones are decided', () => {
  const open = Array.from({ length: 30_000 }, (_, at) => add(-1 - at, [at]));
  const done = Array.from({ length: 60_000 }, (_, at) =>
    add(at, [30_000 + 2 * at, 30_001 + 2 * at]),
  );
  const all = done.map((_, at) => at);
  const operations = history(...open, ...done, read([...all, -7], [150_000, 150_001]));
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type !== 'valid') return;
  const replays = model.replayer(columnsOf(operations));
  expect(result.order.every((row) => replays(row))).toBe(true);
});

test('a read that is no array and an add of nothing are malformed', () => {
  const bad = history(read(null, [0, 1]), read({ a: 1 }, [2, 3]), add(null, [4, 5]));
  for (const operation of bad) expect(model.check(operation)).not.toBeNull();
  expect(model.findBad(columnsOf(bad))).toMatchObject({ row: 0 });
  expect(history(read(null, [0]), read([], [1, 2])).map(model.check)).toEqual([null, null]);
});

test('an order that overtakes is not what comes out', () => {
  const operations = history(add(1, [0, 1]), add(1, [2, 3]), add(2, [4]), read([1, 2], [5, 6]));
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
});
