import { expect, test } from 'vitest';
import type { Operation } from './history.ts';
import { labelOf, outcomeOf } from './witness-words.ts';

const missed: Operation = {
  id: 1,
  process: 1,
  f: 'cas',
  key: '7',
  value: [40, 42],
  output: { swapped: false, seen: 41 },
  call: 1,
  return: 2,
};

test('a compare-and-set reads like what it did', () => {
  expect(labelOf(missed)).toBe('cas 40 → 42, saw 41');
  expect(outcomeOf(missed)).toBe('not swapped, saw 41');
  expect(outcomeOf({ ...missed, output: { swapped: false } })).toBe('not swapped');
  expect(outcomeOf({ ...missed, output: { swapped: true } })).toBe('swapped');
  expect(outcomeOf({ ...missed, return: null })).toBe('no answer: may have happened');
});

test('what asks for a value reads like the answer, what takes one like both', () => {
  const read: Operation = { ...missed, f: 'read', value: null, output: null };
  expect(labelOf(read)).toBe('read null');
  expect(labelOf({ ...read, output: [1, 2] })).toBe('read [1,2]');
  expect(labelOf({ ...read, return: null })).toBe('read ?');
  expect(labelOf({ ...missed, f: 'append', value: [1, 'x'], output: undefined })).toBe(
    'append [1,"x"]',
  );
  expect(labelOf({ ...missed, f: 'contains', value: 3, output: false })).toBe('contains 3: false');
  expect(outcomeOf({ ...missed, f: 'dequeue', value: null, output: 'a' })).toBe('returned "a"');
});
