import { expect, test } from 'vitest';
import type { FastResult } from '../model.ts';
import { type Draft, did } from '../testing/object-operations.ts';
import { history, type Span } from '../testing/operations.ts';
import {
  checkFast,
  checkOrder,
  compareWithBruteForce,
} from '../testing/random-object-agreement.ts';
import { createUniqueIds } from './unique-ids.ts';

const model = createUniqueIds();
const id = (value: unknown, span: Span) => did('generate', [null, value], span);
const check = (...drafts: readonly Draft[]): FastResult => checkFast(model, history(...drafts));

test('the near-linear check agrees with the naive one on random histories', () => {
  const { valid, invalid, undecided } = compareWithBruteForce(model, 3_000);
  expect(undecided).toBe(0);
  expect(Math.min(valid, invalid)).toBeGreaterThan(300);
});

test('two operations that were given one id are refused, and they alone are the core', () => {
  const result = check(id(7, [0, 1]), id(8, [2, 3]), id(7, [4, 5]));
  expect(result).toMatchObject({
    type: 'invalid',
    finding: { kind: 'duplicate-id', core: [{ id: 0 }, { id: 2 }] },
  });
  expect(JSON.stringify(result)).toContain('3 entries of the history before the second began');
});

test('ids may be any JSON, and only equal ones are the same', () => {
  const ids = ['1', 1, [1], { swapped: true }, { swapped: true, seen: 1 }];
  const operations = history(...ids.map((value, at) => id(value, [2 * at, 2 * at + 1])));
  const result = checkFast(model, operations);
  expect(result.type).toBe('valid');
  if (result.type === 'valid') checkOrder(model, operations, result.order);
  const twice = check(
    id({ swapped: true, seen: 1 }, [0, 1]),
    id({ seen: 1, swapped: true }, [2, 3]),
  );
  expect(twice.type).toBe('invalid');
});

test('open operations assert nothing and are left out of the order', () => {
  const result = check(id(null, [0]), id(3, [1, 2]), id(null, [3]));
  expect(result).toEqual({ type: 'valid', order: Uint32Array.of(1) });
});

test('an answer without an id is malformed', () => {
  const [missing] = history(id(null, [0, 1]));
  expect(missing && model.check(missing)).toContain('needs the id');
  const [open] = history(id(null, [0]));
  expect(open && model.check(open)).toBeNull();
});
