import { expect, test } from 'vitest';
import { families } from '../nemesis/families.ts';
import { sampleRun } from './sample-run.ts';
import {
  describeNotTested,
  describeTested,
  describeVerdict,
  describeWitness,
} from './verdict-words.ts';

test('a violation is said in the sentence of its witness, once', () => {
  const run = sampleRun({ seed: 1, verdict: 'invalid' });
  const { word, headline, reason } = describeVerdict(run);
  expect([word, headline]).toEqual(['invalid', 'Not linearizable']);
  expect(reason.split('nothing wrote 40 again').length).toBe(2);
});

test('a violation is said with its key, in runs of any age', () => {
  const run = sampleRun({ seed: 1, verdict: 'invalid' });
  const { results } = run;
  const verdict = results.linearizability;
  if (verdict?.valid !== false) throw new Error('the run is not invalid');
  const { sentence, key } = verdict.witness;
  const told = `On key ${key}: ${sentence}`;
  const withSummary = (summary: string): string => {
    const checkers = results.checkers.map((checker) =>
      checker.name === 'linearizable' ? { ...checker, summary } : checker,
    );
    return describeVerdict({ ...run, results: { ...results, checkers } }).reason;
  };
  expect(describeWitness(verdict.witness)).toBe(told);
  expect(withSummary(told)).toBe(told);
  expect(withSummary(sentence)).toBe(sentence);
  expect(describeWitness({ key: null, sentence })).toBe(sentence);
});

test('a violation found beside an undecided linearizability is not called one of it', () => {
  const { test: record, results } = sampleRun({ seed: 1, verdict: 'unknown' });
  const checkers = [
    ...results.checkers,
    { name: 'set', valid: false, summary: 'element 7 was lost', details: {}, blind: [] },
  ];
  const words = describeVerdict({ test: record, results: { ...results, valid: false, checkers } });
  const headline = 'Violation found by set';
  expect(words).toEqual({ word: 'invalid', headline, reason: 'Element 7 was lost.' });
});

test('an unknown gives its reasons and says that it is no pass', () => {
  const { reason } = describeVerdict(sampleRun({ seed: 1, verdict: 'unknown' }));
  expect(reason).toMatch(/^Key k3 was not decided .*This is not a pass\.$/);
});

test('a planted bug that a valid run did not find is named', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  const { reason } = describeVerdict({ test: { ...record, bug: 'stale-read' }, results });
  expect(reason).toContain('The planted bug stale-read was not found');
});

test('only faults that took effect count as tested', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  expect(describeTested({ test: record, results })).toContain(
    'Network partitions: 2 took effect, 1 did not',
  );
  const faults = results.faults.map((fault) => ({ ...fault, tookEffect: fault.f === 'kill' }));
  const missing = describeNotTested({ test: record, results: { ...results, faults } });
  expect(missing).toContain('Network partitions');
  expect(missing).not.toContain('Crashes (SIGKILL and restart)');
  expect(missing).toContain('Byzantine behaviour: a node that lies or forges');
});

test('a violation that another checker found names it, and says its words', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  const found = { valid: false, details: {}, blind: [] } as const;
  const checkers = [
    ...results.checkers,
    { ...found, name: 'convergence', summary: 'n1 and n2 differ at index 40' },
    { ...found, name: 'exits', summary: 'n2 ended by itself' },
  ];
  const words = describeVerdict({ test: record, results: { ...results, valid: false, checkers } });
  expect(words.headline).toBe('Violation found by convergence and exits');
  expect(words.reason).toBe('n1 and n2 differ at index 40. n2 ended by itself.');
});

test('what the nodes printed is told after what others say in words', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  const found = { valid: false, details: {}, blind: [] } as const;
  const checkers = [
    { ...found, name: 'logs', summary: 'n1/server.log, line 2: failed' },
    { ...found, name: 'exits', summary: 'n1 ended by itself' },
    { ...found, name: 'raft-invariants', summary: 'two leaders' },
    { ...found, name: 'set', summary: 'element 7 was lost' },
  ];
  const words = describeVerdict({ test: record, results: { ...results, valid: false, checkers } });
  expect(words.headline).toBe('Violation found by raft-invariants, set, exits and logs');
  expect(words.reason).toBe(
    'Two leaders. Element 7 was lost. n1 ended by itself. n1/server.log, line 2: failed.',
  );
});

test('what the workload looks for was tested when its check came to its end', () => {
  const decided = sampleRun({ seed: 1 });
  expect(describeTested(decided)).toContain('Looked for: stale reads, lost writes');
  const undecided = sampleRun({ seed: 1, verdict: 'unknown' });
  expect(describeTested(undecided).join()).not.toContain('stale reads');
  expect(describeNotTested(undecided)).toContain(
    'Whether there are stale reads, lost writes: the check did not come to its end',
  );
});

test('what the workload cannot find is not tested, and old runs say nothing of it', () => {
  const run = sampleRun({ seed: 1 });
  const missing = describeNotTested(run);
  expect(missing).toContain('With this workload: what only a compare-and-set would show');
  const old = { ...run, test: { ...run.test, workloadFacts: null } };
  expect(describeNotTested(old).length).toBe(missing.length - 2);
  expect(describeTested(old).join()).not.toContain('Looked for');
});

test('the simulation has a bad network always, and its crashes lose what was not synced', () => {
  const run = sampleRun({ seed: 1 });
  const cluster = { ...run.test.cluster, kind: 'sim' } as const;
  const simulated = { ...run, test: { ...run.test, cluster } };
  expect(describeTested(simulated)).toContain(
    'Messages that are delayed, overtaken, doubled or lost',
  );
  expect(describeTested(simulated)).toContain(
    'Crashes that lose what was not synced, and restarts: 2 took effect',
  );
  expect(describeNotTested(simulated).join()).not.toContain('Links that');
  expect(describeTested(run).join()).not.toContain('doubled');
  expect(describeNotTested(run)).toContain(
    'Links that lose, delay, are narrow, hold back, break, duplicate or reorder',
  );
});

test('no fault that took effect is called untested, and every family has its words', () => {
  const run = sampleRun({ seed: 1 });
  const [fault] = run.results.faults;
  if (fault === undefined) throw new Error('the sample has no faults');
  const names = families.map(({ family }) => family.name);
  const withFaults = (kind: 'docker' | 'sim', came: readonly string[]) => ({
    test: { ...run.test, cluster: { ...run.test.cluster, kind } },
    results: {
      ...run.results,
      faults: came.map((f) => ({ ...fault, f, tookEffect: true })),
    },
  });
  for (const kind of ['docker', 'sim'] as const) {
    const all = withFaults(kind, names.toReversed());
    const told = describeTested(all).filter((line) => line.endsWith('took effect'));
    expect(told).toHaveLength(names.length);
    expect(told.map((line) => line.split(':')[0])).not.toEqual(expect.arrayContaining(names));
    expect(told[0]).toMatch(/^Network partitions: /);
    const missing = describeNotTested(all).join('\n');
    expect(missing).toContain('Disks that fail or misdirect writes');
    expect(missing).not.toMatch(/full|slow|Changes of membership|Power|lose/);
  }
  const some = describeNotTested(withFaults('docker', ['disk-full', 'delay', 'kill']));
  const links = 'Links that lose, are narrow, hold back, break, duplicate or reorder';
  expect(some).toContain(links);
  expect(some).toContain('Power losses: SIGKILL alone loses nothing that the kernel holds');
  expect(some).toContain('Changes of membership');
  expect(some.join()).not.toMatch(/full|delay/);
  expect(describeNotTested(withFaults('sim', ['kill'])).join()).not.toContain('Power');
});

test('an invalid run in which no checker says so is invalid all the same', () => {
  const { test: record, results } = sampleRun({ seed: 1 });
  const words = describeVerdict({ test: record, results: { ...results, valid: false } });
  expect(words).toEqual({ word: 'invalid', headline: 'Invalid', reason: '' });
});
