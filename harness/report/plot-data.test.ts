import { expect, test } from 'vitest';
import { plotDataOf } from './plot-data.ts';
import { sampleRun } from './sample-run.ts';

const outcomes = ['ok', 'fail', 'info'] as const;

test('every answered operation of a short run is a point', () => {
  const { ops, results } = sampleRun({ seed: 1, operations: 500 });
  const data = plotDataOf({ ...results, ops });
  expect(data.pointCount).toBe(500);
  expect(data.shownCount).toBe(500);
  for (const outcome of outcomes) {
    expect(data.latency[outcome].x.length).toBe(results.stats[outcome]);
  }
});

test('a long run is thinned, and its slowest and fastest operations stay', () => {
  const { ops, results } = sampleRun({ seed: 1, operations: 60_000 });
  const data = plotDataOf({ ...results, ops });
  expect(data.pointCount).toBe(60_000);
  expect(data.shownCount).toBeLessThanOrEqual(24_000);
  expect(data.shownCount).toBeGreaterThan(5_000);
  for (const outcome of outcomes) {
    const maxMs = Math.max(
      ...results.stats.latencies.filter(({ type }) => type === outcome).map((row) => row.maxMs),
    );
    // The same spot of the plot: within one part in a few hundred of a decade.
    expect(Math.max(...data.latency[outcome].y)).toBeGreaterThan(maxMs * 0.9);
  }
});

test('the rates add up to the completions', () => {
  const { ops, results } = sampleRun({ seed: 3, operations: 2000 });
  const { rate, durationS } = plotDataOf({ ...results, ops });
  const last = durationS - (rate.x.at(-1) ?? 0);
  for (const outcome of outcomes) {
    const completions = rate[outcome].reduce((total, perSecond, index) => {
      return total + perSecond * (index === rate.x.length - 1 ? last : rate.bucketS);
    }, 0);
    expect(Math.round(completions)).toBe(results.stats[outcome]);
  }
});

test('a fault that never ended and a leader that still leads last until the end of the run', () => {
  const { ops, results } = sampleRun({ seed: 1 });
  const faults = results.faults.map((fault) => ({ ...fault, end: null }));
  const data = plotDataOf({ ...results, ops, faults });
  expect(data.faults.every((fault) => fault.to === data.durationS)).toBe(true);
  expect(data.leaders.at(-1)?.to).toBeCloseTo(data.durationS, 3);
});

test('a run without any operation can be drawn', () => {
  const data = plotDataOf({ ops: [], faults: [], leaders: [] });
  expect(data.durationS).toBeGreaterThan(0);
  expect(data.rate.ok).toEqual([0]);
});
