import { expect, it } from 'vitest';
import { createRandomStream, randomInteger, randomItem, randomShuffle } from './random.ts';

const draw = (seed: number, name: string, count: number): number[] => {
  const random = createRandomStream(seed, name);
  return Array.from({ length: count }, random);
};

it('means the same by a seed for ever', () => {
  expect(draw(7, 'workload', 3)).toEqual([
    0.8902930864132941, 0.5623063142411411, 0.04971026559360325,
  ]);
});

it('has a stream of its own for each seed and each name', () => {
  const streams = [draw(1, 'a', 8), draw(1, 'b', 8), draw(2, 'a', 8), draw(12, 'a', 8)];
  expect(new Set(streams.map((stream) => stream.join())).size).toBe(4);
  expect(draw(1, 'a', 8)).toEqual(streams[0]);
});

it('is uniform in [0, 1), as far as ten thousand numbers tell', () => {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const number of draw(3, 'uniform', 10_000)) {
    expect(number >= 0 && number < 1).toBe(true);
    const tenth = Math.floor(number * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(130);
});

it('draws every whole number below the bound, and none else', () => {
  const random = createRandomStream(1, 'integers');
  const drawn = new Set(Array.from({ length: 300 }, () => randomInteger(random, 7)));
  expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('chooses every item, and says so when there is none', () => {
  const random = createRandomStream(1, 'items');
  const chosen = new Set(Array.from({ length: 100 }, () => randomItem(random, ['a', 'b', 'c'])));
  expect([...chosen].sort()).toEqual(['a', 'b', 'c']);
  expect(() => randomItem(random, [])).toThrow('nothing to choose from');
});

it('puts items in every order about as often, and leaves the list as it is', () => {
  const random = createRandomStream(1, 'orders');
  const items = ['a', 'b', 'c'];
  const seen = new Map<string, number>();
  for (let time = 0; time < 6000; time++) {
    const order = randomShuffle(random, items).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  expect(items).toEqual(['a', 'b', 'c']);
});
