/** A candidate counts votes of an earlier candidacy. */
import type { Bug } from '../bug.ts';

export const oldVotesCounted: Bug = {
  id: 'old-votes-counted',
  title: 'late votes of an earlier term are counted',
  mechanism:
    'A candidate looks at whether a vote was granted and not in which term. Who has stood twice ' +
    'counts the late votes of the first time, though those who gave them may have voted for ' +
    'another in this term.',
  exposedBy: 'votes that are longer under way than an election takes',
  workload: 'cas-register',
  args: ['--nemesis', 'delay,hold', '--nemesis-every', '50'],
  citations: ['[Raft §5.2]'],
  rows: [],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /elected|election safety/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: "  if (core.role !== 'candidate' || message.term !== core.currentTerm) return;",
      replace: "  if (core.role !== 'candidate') return;",
    },
  ],
};
