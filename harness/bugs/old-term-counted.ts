/** A leader commits an entry of an earlier term by counting copies. */
import type { Bug } from './bug.ts';

export const oldTermCounted: Bug = {
  id: 'old-term-counted',
  title: 'an old entry on a majority counts as committed',
  mechanism:
    'The commit rule does not ask of which term the entry is, and a new leader begins ' +
    'without an entry of its own. An old entry on a majority may still be overwritten. [Fig. ' +
    '8]',
  exposedBy: 'leaders that are killed one after the other and leave tails of different terms',
  workload: 'cas-register',
  args: ['--nemesis-every', '60'],
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  if (index <= core.commitIndex || core.log.termAt(index) !== core.currentTerm) return false;',
      replace: '  if (index <= core.commitIndex) return false;',
    },
    {
      file: 'server/raft/replication.ts',
      find: "  appendAsLeader(core, 'no-op', noData);",
      replace: "  if (core.currentTerm === 1) appendAsLeader(core, 'no-op', noData);",
    },
  ],
};
