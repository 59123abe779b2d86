import { expect, test } from 'vitest';
import { createRandomStream } from '../run/random.ts';
import { Replays } from './replays.ts';

const stream = (name: string) => createRandomStream(1, name);

test('old ones are as likely as new ones, rare types as common ones; other links know none', () => {
  const replays = new Replays<number>(0.9, stream);
  for (let at = 0; at < 1000; at++) replays.record('n1>n2', 'heartbeat', at);
  replays.record('n1>n2', 'timeoutNow', -1);
  const drawn = Array.from({ length: 400 }, () => replays.draw('n1>n2')?.message ?? null);
  const came = drawn.filter((message) => message !== null);
  const rare = came.filter((message) => message === -1).length;
  expect(rare / came.length).toBeGreaterThan(0.4);
  const common = came.filter((message) => message >= 0);
  expect(Math.min(...common)).toBeLessThan(500);
  expect(new Set(common).size, 'only a few are kept').toBeLessThanOrEqual(8);
  expect(drawn.length - came.length).toBeGreaterThan(10);
  expect(replays.draw('n2>n1')).toBeNull();
});

test('without a share nothing is kept, and no stream is drawn from', () => {
  const replays = new Replays<number>(0, () => {
    throw new Error('a stream was asked for');
  });
  replays.record('n1>n2', 'heartbeat', 1);
  expect(replays.draw('n1>n2')).toBeNull();
});
