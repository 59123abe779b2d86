/** Tests of what the report says of faults: their outcome, their evidence, what met them. */
import { expect, test } from 'vitest';
import { countOutcomes, listMissed } from './fault-words.ts';
import { faultsSection } from './faults-section.ts';
import { resultsSchema } from './run-schema.ts';
import { sampleRun } from './sample-run.ts';

const sample = sampleRun({ operations: 200, seed: 1 });

/** What a reader sees of the section, without the tags. */
function textOf(run: typeof sample): string {
  return faultsSection(run)
    .toString()
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

test('each fault has its outcome, what met it, and its evidence to unfold', () => {
  const text = textOf(sample);
  expect(text).toContain('2 kill leader n3 1.200 s op 300 0.24 s injected');
  expect(text).toContain('1 leader change readBack: n1 -&gt; n3, n3 -&gt; n1 At its begin asked');
  expect(text).toContain('failed nothing ran into it 163 operations');
  expect(
    faultsSection(sample)
      .toString()
      .match(/<details>/g),
  ).toHaveLength(5);
});

test('what was asked for and not begun is listed with the reason', () => {
  const text = textOf(sample);
  expect(text).toContain('4 injected, 1 failed, 1 skipped, 1 not reached');
  expect(text).toContain('power all skipped 1 two nodes are down');
  expect(text).toContain('crash-point not reached 1 its turn did not come');
});

test('where nothing was missed, nothing is said of it', () => {
  const results = { ...sample.results, uninjected: [] };
  expect(faultsSection({ ...sample, results }).toString()).not.toContain('faults-missed');
});

test('faults that were missed alike are one line, with how often', () => {
  const skipped = { family: 'kill', variant: 'all', outcome: 'skipped', reason: 'no' } as const;
  const other = { ...skipped, reason: 'another' };
  const faults = sample.results.faults.filter(({ outcome }) => outcome === 'failed');
  expect(listMissed({ faults, uninjected: [skipped, other, skipped] })).toEqual([
    {
      ...{ outcome: 'failed', name: 'partition majorities-ring' },
      ...{ reason: 'nothing ran into it', count: 1 },
    },
    { outcome: 'skipped', name: 'kill all', reason: 'no', count: 2 },
    { outcome: 'skipped', name: 'kill all', reason: 'another', count: 1 },
  ]);
  expect(countOutcomes({ faults: [], uninjected: [skipped] })).toBe('1 skipped');
  expect(countOutcomes({ faults: [], uninjected: [] })).toBe('');
});

test('results survive JSON, and older ones are read with what they have', () => {
  const { results } = sample;
  expect(resultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
  const old = JSON.parse(JSON.stringify(results)) as Record<string, unknown>;
  delete old['uninjected'];
  for (const fault of old['faults'] as Record<string, unknown>[]) {
    for (const name of ['variant', 'trigger', 'outcome', 'reason', 'met']) delete fault[name];
  }
  const read = resultsSchema.parse(old);
  expect(read.uninjected).toEqual([]);
  const outcomes = read.faults.map(({ outcome }) => outcome);
  expect(outcomes).toEqual(['injected', 'injected', 'injected', 'injected', 'failed']);
  expect(read.faults[0]).toMatchObject({ variant: '', trigger: '', reason: null, met: null });
});
