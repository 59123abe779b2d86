/** Members change one at a time without a joint configuration, and at once in a new term. */
import type { Bug } from '../bug.ts';

export const singleChangeUnsettled: Bug = {
  id: 'single-change-unsettled',
  title: 'a new leader changes the members before an entry of its term is committed',
  mechanism:
    'A change takes in or takes out one voter by a single entry, as single-server changes do. A ' +
    'leader does so before it has committed anything in its own term, so that its change and one ' +
    'that its predecessor left behind may be decided by majorities that do not meet.',
  exposedBy: 'changes at two leaders in a row, the first of which was cut off with its own',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: [
    'hydro #3192 https://github.com/hydro-project/hydro/pull/3192',
    'jgroups-raft #38 https://github.com/jgroups-extras/jgroups-raft/issues/38',
    '[Ongaro §4.1]',
  ],
  rows: ['B29'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/membership.ts',
      find: '  const outgoingVoters = sameMembers(voters, old.voters) ? [] : old.voters;',
      replace: '  const outgoingVoters: readonly NodeId[] = [];',
    },
    {
      file: 'server/raft/membership.ts',
      find: '  if (!settled || index > core.commitIndex || isJoint(configuration)) return',
      replace: '  if (index > core.commitIndex) return',
    },
  ],
};
