/**
 * Do the nodes hold the same state: equal hashes wherever they had applied the same log.
 *
 * At any moment of the run, and of any two nodes, or of one node twice: what has applied the same
 * is the same. [Raft §5.3]
 */
import type { CheckedRun, Checker, CheckerResult, StateHash } from '../checker.ts';
import { describeMany } from '../report/figures.ts';

const name = 'convergence';

export const convergence: Checker = {
  name,
  description: 'nodes that have applied the same log hold the same state',
  check,
};

/** Differences that are told one by one. */
const differencesMax = 5;

function check({ hashes, nodes, brokeOff, offers }: CheckedRun): CheckerResult {
  const differences = findDifferences(hashes);
  const last = lastOf(hashes, nodes);
  const compared = comparedIndexes(hashes);
  const details = {
    hashes: hashes.length,
    comparedIndexes: compared,
    atEnd: last.map(({ node, appliedIndex, hash }) => ({ node, appliedIndex, hash })),
    differences: differences.slice(0, differencesMax),
  };
  const blind = blindSpots(last, nodes);
  const [first] = differences;
  if (first !== undefined) {
    const more = differences.length === 1 ? '' : `; in all at ${differences.length} indexes`;
    return { name, valid: false, summary: `states differ: ${first}${more}`, details, blind };
  }
  if (hashes.length === 0) {
    const summary = offers.hashes
      ? 'nothing to compare: no node told the hash of its state, though this system offers it'
      : 'nothing to compare: this system does not offer the hash of a state';
    const valid = offers.hashes ? 'unknown' : true;
    return { name, valid, summary, details, blind: ['states that differ silently'] };
  }
  if (nodes.length === 1) {
    const summary = `nothing to compare: one node, ${hashes.length} hashes of its state`;
    return { name, valid: true, summary, details, blind: ['states that differ silently'] };
  }
  if (blind.length === 0) {
    const where = `at index ${last[0]?.appliedIndex}`;
    const summary = `all ${nodes.length} nodes hold the same state at the end, ${where}`;
    return {
      name,
      valid: true,
      summary: `${summary}; ${describeMany(compared, 'index', 'indexes')} compared`,
      details,
      blind: ['states at other indexes, and what a hash does not tell apart'],
    };
  }
  const broken = brokeOff === null ? '' : ' (the run broke off)';
  const summary = `the states at the end were not all compared${broken}: ${blind.join('; ')}`;
  return { name, valid: 'unknown', summary, details, blind };
}

/** A sentence for each index at which there is more than one hash. */
function findDifferences(hashes: readonly StateHash[]): readonly string[] {
  const differences: string[] = [];
  for (const [index, byHash] of byIndex(hashes)) {
    if (byHash.size === 1) continue;
    const sides = [...byHash].map(([hash, nodes]) => `${[...nodes].join(' and ')} ${hash}`);
    differences.push(`at index ${index} ${sides.join(', ')}`);
  }
  return differences;
}

/** How many indexes there are of which more than one node told its hash. */
function comparedIndexes(hashes: readonly StateHash[]): number {
  return [...byIndex(hashes).values()].filter((byHash) => {
    return new Set([...byHash.values()].flatMap((nodes) => [...nodes])).size > 1;
  }).length;
}

/** For each index the hashes that were told of it, and by which nodes. */
function byIndex(hashes: readonly StateHash[]): Map<number, Map<string, Set<string>>> {
  const indexes = new Map<number, Map<string, Set<string>>>();
  for (const { appliedIndex, hash, node } of hashes) {
    const byHash = indexes.get(appliedIndex) ?? new Map<string, Set<string>>();
    indexes.set(appliedIndex, byHash);
    byHash.set(hash, (byHash.get(hash) ?? new Set()).add(node));
  }
  return indexes;
}

/** Of each node the last one that it told. */
function lastOf(hashes: readonly StateHash[], nodes: readonly string[]): readonly StateHash[] {
  return nodes.flatMap((node) => {
    const own = hashes.filter((each) => each.node === node);
    return own.length === 0 ? [] : [own.reduce((a, b) => (b.timeNs >= a.timeNs ? b : a))];
  });
}

/** What of the end could not be compared. */
function blindSpots(last: readonly StateHash[], nodes: readonly string[]): readonly string[] {
  const silent = nodes.filter((node) => !last.some((each) => each.node === node));
  const indexes = new Set(last.map(({ appliedIndex }) => appliedIndex));
  const places = last.map(({ node, appliedIndex }) => `${node} at ${appliedIndex}`);
  return [
    ...(silent.length === 0 ? [] : [`${silent.join(', ')} told no hash`]),
    ...(indexes.size < 2 ? [] : [`they ended at different indexes (${places.join(', ')})`]),
  ];
}
