import { expect, test } from 'vitest';
import { hashWords } from './hash-words.ts';
import { UsedCounts } from './used-counts.ts';
import { Visited } from './visited.ts';

const keys = Array.from({ length: 3000 }, (_, at) =>
  Int32Array.of(at % 60, Math.floor(at / 60), 7),
);

test.each([
  ['a good hash', hashWords, keys.length],
  ['a hash that is the same for all', (): number => 0, 300],
])('keys are told apart exactly, with %s', (_, hash, count) => {
  const visited = new Visited({ exactWords: 3, observerWords: 0 }, new UsedCounts(1), hash);
  for (const key of keys.slice(0, count)) {
    expect(visited.covers(key, 0)).toBe(false);
    visited.add(key, 0);
  }
  expect(keys.slice(0, count).every((key) => visited.covers(key, 0))).toBe(true);
  expect(visited.covers(Int32Array.of(1, 1, 8), 0)).toBe(false);
  expect(visited.size).toBe(count);
});

test('who comes back with more used is covered, who used other operations is not', () => {
  const used = new UsedCounts(5);
  const a = used.increment(0, 1);
  const b = used.increment(0, 2);
  const ab = used.increment(a, 2);
  const aab = used.increment(ab, 1);
  expect(used.increment(b, 1)).toBe(ab);
  expect(used.isWithin(a, aab)).toBe(true);
  expect(used.isWithin(aab, ab)).toBe(false);
  expect(used.isWithin(a, b)).toBe(false);

  const visited = new Visited({ exactWords: 1, observerWords: 0 }, used);
  const key = Int32Array.of(1);
  visited.add(key, ab);
  expect(visited.covers(key, aab)).toBe(true);
  expect(visited.covers(key, a)).toBe(false);
  visited.add(key, a);
  // The smaller one took the place of the larger.
  expect(visited.size).toBe(1);
  expect(visited.covers(key, b)).toBe(false);
  visited.add(key, b);
  expect(visited.covers(key, a)).toBe(true);
  expect(visited.covers(key, b)).toBe(true);
  expect(visited.covers(key, 0)).toBe(false);
});

test('who comes back with more observers to place is covered, with others it is not', () => {
  const visited = new Visited({ exactWords: 1, observerWords: 1 }, new UsedCounts(1));
  visited.add(Int32Array.of(7, 0b011), 0);
  expect(visited.covers(Int32Array.of(7, 0b111), 0)).toBe(true);
  expect(visited.covers(Int32Array.of(7, 0b001), 0)).toBe(false);
  expect(visited.covers(Int32Array.of(7, 0b110), 0)).toBe(false);
  expect(visited.covers(Int32Array.of(8, 0b111), 0)).toBe(false);
  visited.add(Int32Array.of(7, 0b001), 0);
  expect(visited.covers(Int32Array.of(7, 0b101), 0)).toBe(true);
  visited.clear();
  expect(visited.covers(Int32Array.of(7, 0b111), 0)).toBe(false);
});
