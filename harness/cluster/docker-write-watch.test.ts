/** Tests of what the disk agent counts on a slow disk, with a clock and a count of the test. */
import { expect, test } from 'vitest';
import { WriteWatch } from '../../docker/write-watch.ts';

/** Writes at these milliseconds, looked at every 50, until so many have passed. */
function readingOf(perSecond: number, writesAtMs: readonly number[], untilMs: number) {
  let nowMs = 0;
  const watch = new WriteWatch(perSecond, () => nowMs);
  watch.follow(() => 1000 + writesAtMs.filter((atMs) => atMs <= nowMs).length);
  for (nowMs = 50; nowMs < untilMs; nowMs += 50) watch.sample();
  return watch.stop();
}

function every(ms: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, place) => (place + 1) * ms);
}

test('writes that come as fast as the limit lets them have waited', () => {
  const { writesWhileSlow, mostPerSecond, waited } = readingOf(20, every(50, 60), 3000);
  expect(writesWhileSlow).toBe(60);
  expect(mostPerSecond).toBeCloseTo(20, 0);
  expect(waited).toBe(60);
});

test('fewer writes than the limit lets through have not waited, nor have none', () => {
  const half = readingOf(20, every(100, 30), 3000);
  expect(half).toEqual({ writesWhileSlow: 30, mostPerSecond: 10, waited: 0 });
  expect(readingOf(1, [], 9000)).toEqual({ writesWhileSlow: 0, mostPerSecond: 0, waited: 0 });
  expect(readingOf(1, [500, 900, 1300], 9000).waited).toBe(0);
  expect(readingOf(10_000, every(1, 900), 900).waited).toBe(0);
});

test('only the writes of the busy time have waited, and none is counted twice', () => {
  const busy = every(50, 20).map((ms) => ms + 5000);
  const { writesWhileSlow, waited } = readingOf(20, [2000, ...busy, 9000], 10_000);
  expect(writesWhileSlow).toBe(22);
  expect(waited).toBe(20);
});

test('a slow limit takes its time to be felt, and a burst is no pace', () => {
  expect(readingOf(1, every(1000, 6), 6500).waited).toBeGreaterThanOrEqual(4);
  expect(readingOf(1, every(1000, 2), 2500).waited).toBe(0);
  expect(readingOf(20, [10, 20, 30, 40], 250).waited).toBe(0);
});

test('a container that is gone writes nothing more, and the next one is added', () => {
  let nowMs = 0;
  const watch = new WriteWatch(10, () => nowMs);
  watch.follow(() => {
    if (nowMs > 1000) throw new Error('no such file');
    return Math.floor(nowMs / 100);
  });
  for (nowMs = 50; nowMs <= 2000; nowMs += 50) watch.sample();
  expect(watch.reading.writesWhileSlow).toBe(10);
  const { waited } = watch.reading;
  expect(waited).toBe(10);
  watch.follow(() => 3 + Math.floor((nowMs - 2050) / 1000));
  for (; nowMs <= 4050; nowMs += 50) watch.sample();
  expect(watch.stop()).toMatchObject({ writesWhileSlow: 12, waited });
});
