import { beforeAll, describe, expect, it } from 'vitest';
import { Marks } from './test-marks.ts';
import { type Outcome, repeatLine, runCluster } from './test-run.ts';

// Longer by hand: RAFT_SEEDS=20000 npm test -- server/raft/cluster
const seedCount = Number(process.env['RAFT_SEEDS'] ?? 500);
const firstSeed = Number(process.env['RAFT_FIRST_SEED'] ?? 1);

/** What must have happened in these runs, or they have proved nothing. */
const rareThings = [
  'appendEntries from before the compaction',
  'chunk in the middle',
  'committed while joint',
  'configuration taken back',
  'crash between installation and log',
  'crash with a part of a snapshot',
  'elected outside the configuration',
  'elected while joint',
  'figure 8: on a quorum and overwritten',
  'late answer of a replication',
  'late answer to a read',
  'leader lost its quorum',
  'leader was removed',
  'read on a follower',
  'read on a leader',
  'read on a learner',
  'rejected: badConfiguration',
  'rejected: badTarget',
  'rejected: changeInFlight',
  'rejected: configurationMismatch',
  'rejected: notCaughtUp',
  'rejected: notLeader',
  'rejected: overloaded',
  'rejected: transferring',
  'restart from a snapshot alone',
  'restart with a tail',
  'restart with trailing entries',
  'snapshot came too late',
  'snapshot gone',
  'snapshot installed',
  'snapshot installed over a longer log',
  'snapshot installed over an uncommitted configuration',
  'transfer: given up',
  'transfer: is over',
  'transfer: stands',
  'transfer: void timeoutNow',
];

function runNamed(seed: number): Outcome {
  try {
    return runCluster(seed);
  } catch (error) {
    throw new Error(`seed ${seed} (${repeatLine(seed)}): ${String(error)}`, { cause: error });
  }
}

describe('a cluster of cores', () => {
  const marks = new Marks();
  let [leaderCount, committedCount, releasedReadCount] = [0, 0, 0];

  beforeAll(() => {
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed += 1) {
      const outcome = runNamed(seed);
      marks.addAll(outcome.marks);
      leaderCount += outcome.leaderCount;
      committedCount += outcome.committedCount;
      releasedReadCount += outcome.releasedReadCount;
    }
  }, 3_600_000);

  it.skipIf(seedCount < 500)('keeps its promises under faults, and works again once healed', () => {
    expect(leaderCount).toBeGreaterThan(4 * seedCount);
    expect(committedCount).toBeGreaterThan(20 * seedCount);
    expect(releasedReadCount).toBeGreaterThan(8 * seedCount);
  });

  it.skipIf(seedCount < 500).each(rareThings)('has seen: %s', (name) => {
    expect(marks.counts.get(name) ?? 0).toBeGreaterThan(0);
  });

  it('repeats itself for the same seed', () => {
    expect(runNamed(firstSeed)).toEqual(runNamed(firstSeed));
  });
});
