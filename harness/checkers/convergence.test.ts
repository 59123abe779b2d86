import { expect, test } from 'vitest';
import type { CheckerResult, StateHash } from '../checker.ts';
import { convergence } from './convergence.ts';
import { runOf } from './raft-invariants-run.ts';

const nodes = ['n1', 'n2', 'n3'];

/** `n1 at 7: a`, one after the other. */
function hashes(...told: readonly string[]): readonly StateHash[] {
  return told.map((text, at) => {
    const [node = '', , index = '', hash = ''] = text.split(/[ :]+/);
    return { timeNs: at, node, appliedIndex: Number(index), hash };
  });
}

async function check(...told: readonly string[]): Promise<CheckerResult> {
  return convergence.check(runOf({ nodes, hashes: hashes(...told) }));
}

test('nodes that end at one index with one hash have converged', async () => {
  const result = await check('n1 at 3: a', 'n2 at 5: b', 'n1 at 5: b', 'n3 at 5: b');
  expect(result).toMatchObject({
    valid: true,
    summary: 'all 3 nodes hold the same state at the end, at index 5; 1 index compared',
    details: { hashes: 4, comparedIndexes: 1 },
    blind: ['states at other indexes, and what a hash does not tell apart'],
  });
});

test('two hashes at one index are a violation, at whatever moment they were told', async () => {
  const equalAtEnd = ['n1 at 9: c', 'n2 at 9: c', 'n3 at 9: c'];
  const result = await check('n1 at 5: a', 'n2 at 6: x', 'n3 at 5: b', ...equalAtEnd);
  expect(result).toMatchObject({
    valid: false,
    summary: 'states differ: at index 5 n1 a, n3 b',
    details: { differences: ['at index 5 n1 a, n3 b'] },
  });
});

test('it names all sides, and how many indexes there are', async () => {
  const atFive = ['n1 at 5: a', 'n2 at 5: a', 'n3 at 5: b'];
  const result = await check(...atFive, 'n1 at 6: c', 'n1 at 6: d');
  expect(result.valid).toBe(false);
  expect(result.summary).toBe('states differ: at index 5 n1 and n2 a, n3 b; in all at 2 indexes');
});

test('many differences are not all told', async () => {
  const told = [1, 2, 3, 4, 5, 6, 7].flatMap((at) => [`n1 at ${at}: a`, `n2 at ${at}: b`]);
  expect((await check(...told)).details['differences']).toHaveLength(5);
});

test('nodes that end at different indexes leave the end unknown, and it says where', async () => {
  const result = await check('n1 at 3: a', 'n2 at 3: a', 'n3 at 3: a', 'n1 at 4: b');
  expect(result).toMatchObject({
    valid: 'unknown',
    summary: expect.stringContaining('not all compared: they ended at different indexes'),
    blind: ['they ended at different indexes (n1 at 4, n2 at 3, n3 at 3)'],
  });
});

test('a node that told nothing leaves the end unknown', async () => {
  expect(await check('n1 at 3: a', 'n2 at 3: a')).toMatchObject({
    valid: 'unknown',
    blind: ['n3 told no hash'],
  });
  const brokeOff = runOf({ nodes, hashes: hashes('n1 at 3: a'), brokeOff: 'the disk is full' });
  expect(await convergence.check(brokeOff)).toMatchObject({
    valid: 'unknown',
    summary: expect.stringContaining('(the run broke off): n2, n3 told no hash'),
  });
});

test('the last hash of a node is the one that was told last, wherever it stands', async () => {
  const told = hashes('n1 at 3: a', 'n1 at 5: b', 'n2 at 5: b', 'n3 at 5: b');
  expect(await convergence.check(runOf({ nodes, hashes: told.toReversed() }))).toMatchObject({
    valid: true,
  });
});

test('where nothing is told it is valid, and does not read like a pass', async () => {
  const none = await check();
  expect(none).toMatchObject({
    valid: true,
    summary: expect.stringMatching(/^nothing to compare: this system does not offer/),
    blind: ['states that differ silently'],
  });
  const offers = { hashes: true, introspection: true };
  expect(await convergence.check(runOf({ nodes, offers }))).toMatchObject({
    valid: 'unknown',
    summary: expect.stringMatching(/though this system offers it/),
  });
  const one = await convergence.check(runOf({ nodes: ['n1'], hashes: hashes('n1 at 3: a') }));
  expect(one).toMatchObject({ valid: true, summary: expect.stringMatching(/^nothing to compare/) });
  expect(one.blind).toHaveLength(1);
});

test('one node that contradicts itself is a violation too', async () => {
  const one = runOf({ nodes: ['n1'], hashes: hashes('n1 at 3: a', 'n1 at 3: b') });
  expect(await convergence.check(one)).toMatchObject({
    valid: false,
    summary: 'states differ: at index 3 n1 a, n1 b',
  });
});
