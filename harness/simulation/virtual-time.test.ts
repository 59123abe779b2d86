import { expect, test } from 'vitest';
import { createRandomStream, randomInteger } from '../run/random.ts';
import { VirtualTime } from './virtual-time.ts';

test('events run in the order of their time, and of their scheduling where times are equal', () => {
  const time = new VirtualTime();
  const random = createRandomStream(1, 'events');
  const expected: { timeUs: number; sequence: number }[] = [];
  const ran: { timeUs: number; sequence: number }[] = [];
  for (let sequence = 0; sequence < 2000; sequence++) {
    const timeUs = 1 + randomInteger(random, 300);
    expected.push({ timeUs, sequence });
    time.scheduleAt(timeUs, () => ran.push({ timeUs: time.nowUs, sequence }));
  }
  expected.sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence);
  while (time.runNext());
  expect(ran).toEqual(expected);
});

test('an event that schedules others never runs them in its own moment', () => {
  const time = new VirtualTime();
  const moments: number[] = [];
  time.schedule(0, () => {
    moments.push(time.nowUs);
    time.schedule(0, () => moments.push(time.nowUs));
  });
  while (time.runNext());
  expect(moments).toEqual([1, 2]);
});

test('a cancelled event does not run and does not move time', () => {
  const time = new VirtualTime();
  const event = time.schedule(5, () => expect.unreachable());
  time.cancel(event);
  expect(time.runNext()).toBe(false);
  expect(time.nowUs).toBe(0);
});

test('an event in the past is refused', () => {
  const time = new VirtualTime();
  time.schedule(10, () => undefined);
  time.runNext();
  expect(() => time.scheduleAt(9, () => undefined)).toThrow(RangeError);
});
