import { expect, test } from 'vitest';
import { OrderTree } from './order-tree.ts';

test('a sweep keeps the orders that are asked for, and no others', () => {
  const tree = new OrderTree();
  const trunk = tree.add(tree.add(0, 10), 11);
  const left = tree.add(trunk, 12);
  tree.add(left, 13);
  const right = tree.add(trunk, 14);
  const last = tree.add(right, 15);
  const numbers = tree.sweep([last, trunk]);
  expect(tree.orderOf(numbers[last] ?? 0)).toEqual(Int32Array.of(10, 11, 14, 15));
  expect(tree.orderOf(numbers[trunk] ?? 0)).toEqual(Int32Array.of(10, 11));
  const next = tree.add(numbers[last] ?? 0, 16);
  expect(next).toBe(5);
  expect(tree.orderOf(next)).toEqual(Int32Array.of(10, 11, 14, 15, 16));
});
