/** Votes of the old and of the new voters are counted together. */
import type { Bug } from '../bug.ts';

export const oneVoteCounter: Bug = {
  id: 'one-vote-counter',
  title: 'a candidate of a joint configuration counts the votes of both sets in one',
  mechanism:
    'While members change, a candidate counts every vote, whichever set it is of, and wins with ' +
    'as many as were a majority of the voters before. Half of the old ones and one that joins ' +
    'elect a leader, and the other old ones elect another.',
  exposedBy: 'a voter that joins an odd number of others, and a partition meanwhile',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: ['async-raft #62 https://github.com/async-raft/async-raft/issues/62', '[Raft §6]'],
  rows: ['B30'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/configuration.ts',
      find: `  return (
    decides(configuration.voters) &&
    (!isJoint(configuration) || decides(configuration.outgoingVoters))
  );`,
      replace: `  if (!isJoint(configuration)) return decides(configuration.voters);
  const counted = [...granted].filter((id) => isVoter(configuration, id)).length;
  return isQuorum(counted, configuration.outgoingVoters.length);`,
    },
  ],
};
