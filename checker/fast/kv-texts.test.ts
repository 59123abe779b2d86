import { expect, test } from 'vitest';
import { PrefixTable } from './kv-texts.ts';

test('prefixes are found again in another text, and no longer ones', () => {
  const table = new PrefixTable();
  table.open('abc');
  const ab = table.add(2);
  table.open('abd');
  expect(table.find(2)).toBe(ab);
  expect(table.find(3)).toBe(-1);
  expect(table.find(1)).toBe(-1);
});

test('texts of one length whose hashes are equal stay two', () => {
  // Found by a search through differences of the three letters.
  const one = String.fromCharCode(100, 25_000, 25_000);
  const other = String.fromCharCode(102, 24_156, 40_314);
  const table = new PrefixTable();
  table.open(one);
  const first = table.add(3);
  table.open(other);
  expect(table.find(3)).toBe(-1);
  const second = table.add(3);
  expect(table.find(3)).toBe(second);
  table.open(one);
  expect(table.find(3)).toBe(first);
});
