import { expect, it } from 'vitest';
import { type Figures, type Measurement, toFigures } from './server-throughput.ts';
import { describeGoals, describeMeasurements, ratiosOf } from './server-throughput-table.ts';

const result = {
  operations: 4000,
  errors: 0,
  firstError: '',
  seconds: 2,
  p50Ms: 1,
  p99Ms: 2,
  maxMs: 3,
  loadCpuMs: 200,
  serverCpuMs: [400, 100, 100],
  machineCpuMs: 1800,
};

function figures(perSecond: number, p50Ms: number): Figures {
  return { ...toFigures(result), perSecond, p50Ms };
}

function measurement(round: number, system: string, each: Figures): Measurement {
  return { round, phase: 'writes, 64 clients', system, load: 1, figures: each };
}

const rounds: readonly Measurement[] = [
  measurement(1, 'rafture', figures(100, 1)),
  measurement(1, 'etcd', figures(50, 2)),
  measurement(2, 'rafture', figures(30, 4)),
  measurement(2, 'etcd', figures(60, 2)),
  measurement(3, 'rafture', figures(90, 1)),
  measurement(3, 'etcd', figures(60, 2)),
];

it('charges an operation with the time of all servers, and nobody with the rest', () => {
  expect(toFigures(result)).toMatchObject({
    perSecond: 2000,
    serverMicros: 150,
    loadMicros: 50,
    otherCores: 0.5,
  });
});

it('compares round with round', () => {
  const ours = [figures(100, 1), figures(30, 4)];
  const theirs = [figures(50, 2), figures(60, 2)];
  expect(ratiosOf(ours, theirs, ({ perSecond }) => perSecond)).toEqual([2, 0.5]);
});

it('prints medians with their spread, and the ratios between them', () => {
  const lines = describeMeasurements(rounds).join('\n');
  expect(lines).toContain('90 (30-100)');
  expect(lines).toContain('60 (50-60)');
  expect(lines).toContain('1.50 (0.50-2.00)');
});

it('counts the rounds in which a goal was reached', () => {
  const [writes] = describeGoals(rounds);
  expect(writes).toBe('goal: more writes per second at 64 clients than etcd: in 2 of 3 rounds');
});

it('shows what errors there were', () => {
  const refused = { ...figures(1, 1), errors: 7, firstError: 'MOVED 0 elsewhere' };
  const lines = describeMeasurements([measurement(1, 'rafture', refused)]).join('\n');
  expect(lines).toContain('MOVED 0 elsewhere');
});
