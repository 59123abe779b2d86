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
}, 60_000);

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

test('an operation that came late is drawn where it was due, as high as it took since then', () => {
  const shared = { process: 3, f: 'read', value: null } as const;
  const invoke = { ...shared, index: 0, type: 'invoke', timeNs: 5e9, scheduledNs: 2e9 } as const;
  const ok = { ...shared, index: 1, type: 'ok', timeNs: 6e9 } as const;
  const again = { ...ok, index: 2, timeNs: 7e9 };
  const { latency, rate, pointCount } = plotDataOf({
    ops: [invoke, ok, again],
    faults: [],
    leaders: [],
  });
  expect(latency.ok).toEqual({ x: [2], y: [4000], id: [0], f: [0] });
  expect(pointCount).toBe(1);
  expect(rate.ok.filter((perSecond) => perSecond > 0).length).toBe(1);
});

test('points stand in the order of their invocations, and functions in that of their names', () => {
  const { ops, results } = sampleRun({ seed: 4, operations: 400 });
  const { latency, fs } = plotDataOf({ ...results, ops });
  expect(fs).toEqual(['read', 'write']);
  expect(latency.ok.id).toEqual([...latency.ok.id].sort((a, b) => a - b));
});

test('more faults and leaders than can be told apart are left out', () => {
  const { ops, results } = sampleRun({ seed: 1 });
  const faults = Array.from({ length: 200 }, () => results.faults).flat();
  const leaders = Array.from({ length: 200 }, () => results.leaders).flat();
  const data = plotDataOf({ ops, faults, leaders });
  expect([data.faults.length, data.hiddenFaults, data.leaders.length]).toEqual([600, 400, 600]);
});

test('a thinned cloud keeps its shape: points of all times, of all outcomes', () => {
  const { ops, results } = sampleRun({ seed: 5, operations: 60_000 });
  const data = plotDataOf({ ...results, ops });
  const tenth = data.durationS / 10;
  for (let part = 0; part < 9; part++) {
    const { x } = data.latency.ok;
    const inPart = x.filter((at) => at >= part * tenth && at < (part + 1) * tenth);
    expect(inPart.length).toBeGreaterThan(200);
  }
  const kinds = outcomes.map((outcome) => data.latency[outcome].x.length / data.shownCount);
  expect(Math.min(...kinds)).toBeGreaterThan(0.05);
  expect(data.shownCount).toBeGreaterThan(8000);
}, 60_000);
