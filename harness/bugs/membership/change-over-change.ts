/** A change of members begins before the one before it is over. */
import type { Bug } from '../bug.ts';

export const changeOverChange: Bug = {
  id: 'change-over-change',
  title: 'a second change of members begins while the first is not committed',
  mechanism:
    'A leader takes a change while an earlier one is under way. The joint configuration that it ' +
    'appends then no longer asks the voters of the first one, who may decide without it.',
  exposedBy: 'two changes asked of a leader that cannot commit the first',
  workload: 'register',
  args: ['--nemesis', 'members,partition', '--nemesis-every', '50'],
  citations: ['[Raft §6]', '[Ongaro §4.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/membership.ts',
      find: '  if (!settled || index > core.commitIndex || isJoint(configuration)) return',
      replace: '  if (!settled) return',
    },
  ],
};
