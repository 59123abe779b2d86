import { expect, test } from 'vitest';
import { madeSeed } from './made-seeds.ts';
import { describeSeries, type SeriesFrame } from './series-file.ts';
import { renderSeries } from './series-page.ts';

const frame: SeriesFrame = {
  ...{ commit: 'abc', code: 'def', codeChanged: false, versions: {}, args: [], bug: null },
  ...{ firstSeed: 1, seedsWanted: 3, shard: null, jobs: 2, untilFound: null, earlier: 0 },
  ...{ startedAt: '2026-01-01T00:00:00Z', wallSeconds: 1, interrupted: false, contradictions: [] },
};

test('the page tells each kind of failure with its lines, and asks nothing of a network', () => {
  const records = [madeSeed(1), madeSeed(2, 'invalid'), madeSeed(3, 'invalid')];
  const page = renderSeries(describeSeries(frame, records), { verdict: 'bad', word: 'invalid' });
  expect(page).toContain('npx rafture sim --seed 2');
  expect(page).toContain('npx rafture test --cluster sim --seed 2');
  expect(page).toContain('seeds 2, 3');
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|https?:/);
});

test('what a system said is text in it', () => {
  const findings = [{ oracle: 'logs', valid: false, summary: '<b>a</b>' }] as const;
  const records = [madeSeed(2, 'invalid', { findings })];
  const page = renderSeries(describeSeries(frame, records), { verdict: 'bad', word: 'invalid' });
  expect(page).toContain('&lt;b&gt;a&lt;/b&gt;');
});

test('sim.json holds at most so many that found something as were looked for, in order', () => {
  const records = [4, 2, 3].map((seed) => madeSeed(seed, 'invalid')).reverse();
  const file = describeSeries({ ...frame, untilFound: 2 }, records);
  expect(file.found.map(({ seed, summary }) => [seed, summary])).toEqual([
    [2, 'a read went back'],
    [3, 'a read went back'],
  ]);
  expect(file.groups.map(({ count, seeds }) => [count, seeds])).toEqual([[3, [2, 3, 4]]]);
});
