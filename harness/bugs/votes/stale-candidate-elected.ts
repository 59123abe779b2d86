/** A vote is given in a term that is over. */
import type { Bug } from '../bug.ts';

export const staleCandidateElected: Bug = {
  id: 'stale-candidate-elected',
  title: 'a request of an old term gets a vote',
  mechanism:
    'A voter does not compare the term of a request with its own. Who has not voted in its term ' +
    'grants the request of an earlier one, in which it may have voted for another.',
  exposedBy: 'a request that is longer under way than an election takes',
  workload: 'cas-register',
  args: ['--nemesis', 'delay,hold', '--nemesis-every', '50'],
  citations: ['[Raft §5.1]'],
  rows: [],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /durable before told|elected|election safety/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `    message.term === core.currentTerm &&
    (core.votedFor === null`,
      replace: '    (core.votedFor === null',
    },
    {
      file: 'server/raft/election.ts',
      find: '    becomeFollower(core, message.term, null);',
      replace: '    becomeFollower(core, core.currentTerm, null);',
    },
    {
      file: 'server/raft/election.ts',
      find: `    term: core.currentTerm,
    voteGranted,`,
      replace: `    term: voteGranted ? message.term : core.currentTerm,
    voteGranted,`,
    },
  ],
};
