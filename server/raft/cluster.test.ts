import { describe, expect, it } from 'vitest';
import { createRandom, type Faults, roleOf, TestCluster } from './test-cluster.ts';

const seedCount = Number(process.env['RAFT_SEEDS'] ?? 100);
const firstSeed = Number(process.env['RAFT_FIRST_SEED'] ?? 1);

function faultsOf(random: () => number): Faults {
  const oneOf = (rates: readonly number[]): number =>
    rates[Math.floor(random() * rates.length)] ?? 0;
  return {
    dropRate: oneOf([0, 0.05, 0.2]),
    duplicateRate: oneOf([0, 0.1, 0.3]),
    crashRate: oneOf([0, 0.002, 0.02]),
    partitionRate: oneOf([0, 0.002, 0.01]),
    proposeRate: oneOf([0.005, 0.04]),
    readRate: oneOf([0.005, 0.04]),
    tickRate: oneOf([0.03, 0.06, 0.12]),
    writtenRate: oneOf([0.1, 0.2, 0.4]),
  };
}

interface Outcome {
  readonly leaderCount: number;
  readonly committedCount: number;
  readonly releasedReadCount: number;
}

function run(seed: number): Outcome {
  const random = createRandom(seed);
  const cluster = new TestCluster(random() < 0.5 ? 3 : 5, random, faultsOf(random));
  for (let step = 0; step < 6000; step += 1) cluster.stepAtRandom();
  const { oracle } = cluster;
  const before = oracle.committedCount;
  const { leaderCount, releasedReadCount } = oracle;
  cluster.heal();
  checkProgress(cluster);
  return { leaderCount, committedCount: before, releasedReadCount };
}

/** A healed cluster elects a leader, commits a new entry on every node, and answers a read. */
function checkProgress(cluster: TestCluster): void {
  const { oracle, nodes } = cluster;
  for (let round = 0; round < 60; round += 1) cluster.stepAll();
  const leader = cluster.leader();
  if (leader === undefined) throw new Error('no leader after the healing');
  const followers = nodes.filter((node) => roleOf(node) === 'follower').length;
  if (followers !== nodes.length - 1) throw new Error('not all follow after the healing');
  const { committedCount, releasedReadCount } = oracle;
  cluster.propose(leader, 1);
  cluster.read(leader);
  for (let round = 0; round < 5; round += 1) cluster.stepAll();
  for (const { id, running } of nodes) {
    const commitIndex = running?.raft.status().commitIndex ?? 0;
    if (commitIndex > committedCount) continue;
    throw new Error(`no progress on ${id}: commit index ${commitIndex} after the healing`);
  }
  if (oracle.releasedReadCount === releasedReadCount) throw new Error('no read was answered');
}

function runNamed(seed: number): Outcome {
  try {
    return run(seed);
  } catch (error) {
    const repeat = `RAFT_FIRST_SEED=${seed} RAFT_SEEDS=1 npm test -- server/raft/cluster`;
    throw new Error(`seed ${seed} (${repeat}): ${String(error)}`, { cause: error });
  }
}

describe('a cluster of cores', () => {
  it('keeps the properties of figure 3 under faults and works again once healed', () => {
    const outcomes = Array.from({ length: seedCount }, (_, n) => runNamed(firstSeed + n));
    // A run in which nothing happens would prove nothing.
    const sum = (f: (outcome: Outcome) => number): number =>
      outcomes.reduce((total, outcome) => total + f(outcome), 0);
    if (seedCount < 50) return;
    expect(sum(({ leaderCount }) => leaderCount)).toBeGreaterThan(2 * seedCount);
    expect(sum(({ committedCount }) => committedCount)).toBeGreaterThan(10 * seedCount);
    expect(sum(({ releasedReadCount }) => releasedReadCount)).toBeGreaterThan(2 * seedCount);
  }, 120_000);

  it('repeats itself for the same seed', () => {
    expect(runNamed(7)).toEqual(runNamed(7));
  });
});
