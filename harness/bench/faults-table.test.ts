/** Tests of the words and the flags of `bench:faults`; what it measures is never tested by time. */
import { expect, test } from 'vitest';
import { parseFaultFlags } from './faults-flags.ts';
import { describeFaultFigures } from './faults-table.ts';
import { BenchFlagError } from './harness-flags.ts';

const times = {
  cutMs: [1, 2, 9],
  readBackMs: [1],
  healMs: [6, 7, 8],
  exchangeMs: [400],
  killMs: [0.5],
  upMs: [3500],
  downMs: [1200],
};

test('p50 and p99 stand in a column for each cluster, and the targets are those of docker', () => {
  const lines = describeFaultFigures({ docker: times, namespaces: 'no user namespaces' });
  expect(lines[0]).toMatch(/^p50 \/ p99, ms +docker$/);
  expect(lines[1]).toMatch(/^partition in force after it was asked +2\.00 \/ 9\.00$/);
  expect(lines[4]).toMatch(/^ {2}first exchange after that +400 \/ 400$/);
  expect(lines[8]).toBe('namespaces: not measured: no user namespaces');
  const targets = lines.filter((line) => line.startsWith('target, docker'));
  expect(targets.map((line) => line.split(/ {2,}/).at(-1))).toEqual([
    'met',
    'not met',
    'met',
    'met',
    'met',
  ]);
});

test('without docker there is no target', () => {
  const lines = describeFaultFigures({ proxies: times });
  expect(lines.some((line) => line.startsWith('target'))).toBe(false);
});

test('flags are taken, and mistakes are told', () => {
  expect(parseFaultFlags(['--help'])).toBeNull();
  expect(parseFaultFlags(['--quick', '--clusters', 'proxies'])).toMatchObject({
    ...{ clusters: ['proxies'], rounds: 1, partitions: 3, nodes: 3 },
  });
  for (const wrong of [['--nodes', '1'], ['--kills', 'x'], ['--clusters', 'sim'], ['--what']]) {
    expect(() => parseFaultFlags(wrong)).toThrow(BenchFlagError);
  }
});
