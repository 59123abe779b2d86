/** What learners have is counted as if they voted. */
import type { Bug } from '../bug.ts';

export const learnersCount: Bug = {
  id: 'learners-count',
  title: 'learners count for the quorum that commits, reads and leads',
  mechanism:
    'A leader counts the answers of learners with those of the voters, for the number that is a ' +
    'majority of the voters. It commits what two of five voters hold, and goes on leading when ' +
    'two hear it.',
  exposedBy: 'a server that joins while a majority of the voters is cut off',
  workload: 'register',
  args: ['--nemesis', 'members:add,members:replace,partition', '--nemesis-every', '50'],
  citations: ['hashicorp/raft #308 https://github.com/hashicorp/raft/pull/308', '[Ongaro §4.2.1]'],
  rows: ['B36'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/configuration.ts',
      find: "import { isQuorum, quorumReached } from './quorum.ts';",
      replace: "import { isQuorum, quorumSize } from './quorum.ts';",
    },
    {
      file: 'server/raft/configuration.ts',
      find: `  const { voters, outgoingVoters } = configuration;
  const incoming = quorumReached(voters.map(reached));
  if (!isJoint(configuration)) return incoming;
  return Math.min(incoming, quorumReached(outgoingVoters.map(reached)));`,
      replace: `  const { voters, outgoingVoters, learners } = configuration;
  const reachedBy = (set: readonly NodeId[]): number => {
    const descending = [...set, ...learners].map(reached).sort((a, b) => b - a);
    return descending[quorumSize(set.length) - 1] ?? 0;
  };
  if (!isJoint(configuration)) return reachedBy(voters);
  return Math.min(reachedBy(voters), reachedBy(outgoingVoters));`,
    },
  ],
};
