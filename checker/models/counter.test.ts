import { expect, test } from 'vitest';
import type { FastResult } from '../model.ts';
import { type Draft, did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import {
  checkFast,
  checkOrder,
  compareWithBruteForce,
} from '../testing/random-object-agreement.ts';
import { createCounter } from './counter.ts';

const model = createCounter();
const add = (amount: unknown, span: Span) => did('add', [amount], span);
const read = (value: unknown, span: Span) => did('read', [null, value], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, kinds } = compareWithBruteForce(model, 3_000);
  expect(valid).toBeGreaterThan(1_500);
  expect(invalid).toBeGreaterThan(150);
  const common = ['failed-write-read', 'future-read', 'impossible-read', 'lost-update'];
  expect([...kinds.keys()]).toEqual(expect.arrayContaining([...common, 'non-monotonic-read']));
});

test('an add that a later read does not count is lost', () => {
  const result = check(add(1, [0, 1]), add(1, [2, 3]), read(1, [4, 5]), read(2, [6, 7]));
  expect(result).toMatchObject({ type: 'invalid', finding: { kind: 'lost-update' } });
  expect(result).toHaveProperty('finding.core.length', 3);
});

test('an add lost after a read that counted an open one is told with that read and its add', () => {
  const result = check(
    add(1, [0]),
    read(1, [2, 3]),
    add(1, [4, 5]),
    read(1, [6, 7]),
    add(1, [8, 9]),
  );
  expect(result).toMatchObject({
    finding: { kind: 'lost-update', core: [{ id: 0 }, { id: 1 }, { id: 2 }, { id: 3 }] },
  });
});

test('an open add explains a read once and no more', () => {
  expect(check(add(1, [0]), read(1, [1, 2])).type).toBe('valid');
  expect(check(add(1, [0]), read(0, [1, 2]), read(1, [3, 4])).type).toBe('valid');
  expect(check(add(1, [0]), read(2, [1, 2]))).toMatchObject({
    finding: { kind: 'impossible-read' },
  });
  expect(check(read(1, [0, 1]), add(1, [2]))).toMatchObject({ finding: { kind: 'future-read' } });
});

test('a count that only adds which failed could explain is named so', () => {
  const [failed, operation] = history(add(1, [0, 1]), read(1, [2, 3]));
  if (failed === undefined || operation === undefined) throw new Error('two operations');
  const result = checkFast(model, [operation], [failed]);
  expect(result).toMatchObject({ finding: { kind: 'failed-write-read', core: [{ id: 1 }] } });
});

test('adds of one amount other than 1 are decided, also negative ones and ones of 0', () => {
  expect(check(add(-3, [0, 1]), add(0, [2, 3]), read(-3, [4, 5])).type).toBe('valid');
  expect(check(add(-3, [0, 1]), read(0, [2, 3])).type).toBe('invalid');
  expect(check(add(3, [0, 4]), read(2, [1, 2]))).toMatchObject({
    finding: { kind: 'impossible-read', core: [{ id: 1 }] },
  });
  expect(check(add(3, [0, 1]), read(-3, [2, 3])).type).toBe('invalid');
  expect(check(read(1, [0, 1])).type).toBe('invalid');
});

test('adds of several amounts are refused outside of the bounds and undecided inside', () => {
  const adds = [add(5, [0, 1]), add(-2, [2, 9]), add(3, [3, 10])];
  expect(check(...adds, read(9, [4, 5])).type).toBe('invalid');
  expect(check(...adds, read(2, [4, 5])).type).toBe('invalid');
  expect(check(...adds, read(3, [4, 5]), read(6, [6, 7])).type).toBe('undecided');
  expect(check(...adds, read(5, [4, 5])).type).toBe('valid');
});

test('fifty thousand open adds before the first read cost little', () => {
  const open = Array.from({ length: 50_000 }, (_, at) => add(1, [at]));
  const operations = history(...open, read(7, [50_000, 50_001]), read(40_000, [50_002, 50_003]));
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
  expect(checkFast(model, history(...open)).type).toBe('valid');
});

test('what needs too many adds to be shown has only the read in its core', () => {
  const adds = Array.from({ length: 200 }, (_, at) => add(1, [2 * at, 2 * at + 1]));
  const result = check(...adds, read(199, [400, 401]));
  expect(result).toMatchObject({ finding: { kind: 'lost-update', core: [{ id: 200 }] } });
});

test('amounts and answers that are no integers are malformed', () => {
  const bad = [add(null, [0, 1]), add('1', [2, 3]), add([1, 2], [4, 5]), read(null, [6, 7])];
  for (const operation of history(...bad, read(0.5, [8, 9]))) {
    expect(model.check(operation)).toContain('integer');
  }
  const [open] = history(read(null, [0]));
  expect(open && model.check(open)).toBeNull();
});
