import { expect, test } from 'vitest';
import { workloads } from '../../workloads/index.ts';
import type { Finding } from '../bugs/bug.ts';
import type { ResultsRecord } from '../report/run-record.ts';
import { sampleRun } from '../report/sample-run.ts';
import { findersOf, listWorkloads } from './contents.ts';

const { results: invalid } = sampleRun({ seed: 1, verdict: 'invalid' });
const lagging = { name: 'recovery', valid: 'unknown', summary: 'n3 did not apply it' } as const;
const exited = { name: 'exits', valid: false, summary: 'n2 ended', details: { code: 7 } } as const;
const rest = { details: {}, blind: ['what n9 did between the looks'] };
const results: ResultsRecord = {
  ...invalid,
  checkers: [...invalid.checkers, { ...rest, ...lagging }, { ...rest, ...exited }],
};

function finders(...expect: readonly Finding[]): readonly string[] {
  return findersOf({ expect }, results);
}

test('a checker has found a bug when its verdict is the one that the bug expects', () => {
  expect(finders({ checker: 'linearizable' }, { checker: 'exits' })).toEqual([
    ...['linearizable', 'exits'],
  ]);
  expect(finders({ checker: 'exits' }, { checker: 'exits', says: /n2/ })).toEqual(['exits']);
  expect(finders({ checker: 'recovery' })).toEqual([]);
  expect(finders({ checker: 'recovery', valid: 'unknown' })).toEqual(['recovery']);
  expect(finders({ checker: 'faults' }, { checker: 'nobody' })).toEqual([]);
});

test('a violation of another kind, or said in other words, is not this bug', () => {
  expect(finders({ checker: 'linearizable', kinds: ['stale-read'] })).toEqual(['linearizable']);
  expect(finders({ checker: 'linearizable', kinds: ['lost-update'] })).toEqual([]);
  expect(finders({ checker: 'exits', says: /n2 ended/ })).toEqual(['exits']);
  expect(finders({ checker: 'exits', says: /"code":7/ })).toEqual(['exits']);
  expect(finders({ checker: 'exits', says: /n3/ })).toEqual([]);
  // What a checker could not see is no finding of it.
  expect(finders({ checker: 'exits', says: /n9/ })).toEqual([]);
});

test('kinds are asked of the violation itself, and there may be none', () => {
  const valid = { ...results, linearizability: null };
  const expect_ = [{ checker: 'linearizable', kinds: ['stale-read'] }];
  expect(findersOf({ expect: expect_ }, valid)).toEqual([]);
});

test('workloads are those that the command line lists, in its order', async () => {
  expect(await listWorkloads()).toEqual(workloads.map(({ name }) => name));
}, 60_000);
