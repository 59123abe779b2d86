/** A leader that takes itself out counts itself among those who stay. */
import type { Bug } from '../bug.ts';

export const leaverCountsItself: Bug = {
  id: 'leaver-counts-itself',
  title: 'a leader that is being removed counts itself for the new majority',
  mechanism:
    'The leader commits the configuration that it is not in, and what follows it, with its own ' +
    'copy as one of those that are needed. Those who stay may then elect one that lacks them.',
  exposedBy: 'the leader removed from an even number of voters, and gone at once afterwards',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: ['[Ongaro §4.2.2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: "import { quorumReachedOf } from './configuration.ts';",
      replace: "import { quorumSize } from './quorum.ts';",
    },
    {
      file: 'server/raft/replication.ts',
      find: `  return quorumReachedOf(configurationInForce(core), (voter) =>
    voter === core.id ? core.durability.durableIndex : (core.progress.get(voter)?.matchIndex ?? 0),
  );`,
      replace: `  const matchOf = (id: NodeId): number =>
    id === core.id ? core.durability.durableIndex : (core.progress.get(id)?.matchIndex ?? 0);
  const reachedBy = (voters: readonly NodeId[]): number => {
    const counted = [...new Set([...voters, core.id])].map(matchOf).sort((a, b) => b - a);
    return counted[quorumSize(voters.length) - 1] ?? 0;
  };
  const { voters, outgoingVoters } = configurationInForce(core);
  if (outgoingVoters.length === 0) return reachedBy(voters);
  return Math.min(reachedBy(voters), reachedBy(outgoingVoters));`,
    },
  ],
};
