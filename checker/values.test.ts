import { expect, test } from 'vitest';
import { ValueTable } from './values.ts';

const samples: readonly unknown[] = [
  null,
  0,
  1,
  -1,
  2 ** 31,
  -(2 ** 40),
  Number.MAX_SAFE_INTEGER,
  1.5,
  '1',
  '',
  'null',
  true,
  false,
  [1, 2],
  [1, [2]],
  { a: 1, b: 2 },
];

test('equal values have one id, different ones different ids, and each id gives its value', () => {
  const table = new ValueTable();
  const ids = samples.map((value) => table.idOf(value));
  expect(new Set(ids).size).toBe(samples.length);
  expect(ids[0]).toBe(0);
  expect(samples.map((value) => table.idOf(structuredClone(value)))).toEqual(ids);
  expect(ids.map((id) => table.valueOf(id))).toEqual(samples);
  expect(table.size).toBe(samples.length);
});

test('undefined is null, -0 is 0, and the order of members is no difference', () => {
  const table = new ValueTable();
  expect(table.idOf(undefined)).toBe(0);
  expect(table.idOf(-0)).toBe(table.idOf(0));
  expect(Object.is(table.valueOf(table.idOf(-0)), 0)).toBe(true);
  expect(table.idOf({ a: 1, b: 2 })).toBe(table.idOf({ b: 2, a: 1 }));
});

test('to look for a value adds none', () => {
  const table = new ValueTable();
  const five = table.idOf(5);
  const text = table.idOf('five');
  expect([table.find(5), table.find('five'), table.find(6), table.find('six')]).toEqual([
    five,
    text,
    -1,
    -1,
  ]);
  expect(table.size).toBe(3);
});

test('100,000 integers that collide in their lower halves keep their ids', () => {
  const table = new ValueTable();
  const values = Array.from({ length: 100_000 }, (_, at) => (at % 1000) + (at >> 3) * 2 ** 32);
  const expected = new Map<number, number>();
  for (const value of values) {
    const id = table.idOf(value);
    expect(expected.get(value) ?? id).toBe(id);
    expected.set(value, id);
  }
  for (const [value, id] of expected) {
    if (table.valueOf(id) !== value || table.find(value) !== id) throw new Error(`lost ${value}`);
  }
});

test('a table that was posted elsewhere knows the same ids, and can grow', () => {
  const table = new ValueTable();
  const ids = samples.map((value) => table.idOf(value));
  const other = ValueTable.from(structuredClone(table.toRecord()));
  expect(samples.map((value) => other.idOf(value))).toEqual(ids);
  expect(other.idOf('new')).toBe(samples.length);
  expect(other.idOf(77)).toBe(samples.length + 1);
  expect([other.valueOf(samples.length), other.valueOf(samples.length + 1)]).toEqual(['new', 77]);
  expect(table.size).toBe(samples.length);
});
