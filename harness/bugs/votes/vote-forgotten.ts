/** A server comes up without its vote. */
import type { Bug } from '../bug.ts';

export const voteForgotten: Bug = {
  id: 'vote-forgotten',
  title: 'a vote does not survive a restart',
  mechanism:
    'After a restart a server takes its term from the disk and has voted for nobody. It may ' +
    'vote for another candidate in a term in which it has voted.',
  exposedBy: 'any restart',
  workload: 'cas-register',
  args: ['--nemesis', 'kill'],
  citations: ['[Fig. 2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /vote/ }],
  edits: [
    {
      file: 'server/raft/core.ts',
      find: '    votedFor: hardState.votedFor,',
      replace: '    votedFor: null,',
    },
  ],
};
