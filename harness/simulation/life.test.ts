import { expect, test } from 'vitest';
import { Life } from './life.ts';
import { VirtualTime } from './virtual-time.ts';

function createLife(time: VirtualTime, onError: (error: unknown) => void = () => undefined): Life {
  return new Life({ node: 'n1', number: 1 }, time, onError);
}

test('what reaches a frozen node waits, and keeps its order with what comes after', () => {
  const time = new VirtualTime();
  const life = createLife(time);
  const order: number[] = [];
  const deliver = (value: number): void => life.deliver(() => order.push(value));
  life.pause();
  for (const value of [1, 2, 3]) deliver(value);
  // These arrive in the very moments in which the node catches up.
  for (const value of [4, 5, 6]) time.schedule(1, () => deliver(value));
  life.resume();
  expect(order).toEqual([]);
  while (time.runNext());
  expect(order).toEqual([1, 2, 3, 4, 5, 6]);
  deliver(7);
  expect(order.at(-1)).toBe(7);
});

test('a node that is frozen again while it catches up goes on where it was', () => {
  const time = new VirtualTime();
  const life = createLife(time);
  const order: number[] = [];
  life.pause();
  life.deliver(() => {
    order.push(1);
    life.pause();
  });
  life.deliver(() => order.push(2));
  life.resume();
  while (time.runNext());
  expect(order).toEqual([1]);
  life.resume();
  while (time.runNext());
  expect(order).toEqual([1, 2]);
});

test('nothing reaches a life that has ended, frozen before or not', () => {
  const time = new VirtualTime();
  const life = createLife(time);
  life.pause();
  life.deliver(() => expect.unreachable());
  life.resume();
  life.end();
  life.deliver(() => expect.unreachable());
  while (time.runNext());
  expect(life.phase).toBe('ended');
});

test('what the code of the node throws goes to whoever watches the life', () => {
  const errors: unknown[] = [];
  const life = createLife(new VirtualTime(), (error) => errors.push(error));
  const error = new Error('broken');
  life.deliver(() => {
    throw error;
  });
  expect(errors).toEqual([error]);
});
