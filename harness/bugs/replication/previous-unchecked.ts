/** A follower looks only at whether there is an entry before the new ones. */
import type { Bug } from '../bug.ts';

export const previousUnchecked: Bug = {
  id: 'previous-unchecked',
  title: 'entries are appended behind others than the leader’s',
  mechanism:
    'Before it appends, a follower asks whether its log is long enough, and not of which ' +
    'term the entry there is. A leader that was cut off keeps its tail, and gets the new ' +
    'leader’s entries behind it.',
  exposedBy: 'a leader that is isolated with unacknowledged writes, and returns',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /log matching/ }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (!core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {',
      replace: '  if (prevLogIndex > core.log.lastIndex) {',
    },
    {
      file: 'server/raft/role.ts',
      find: 'new Progress(core.log.lastIndex + 1, replicationId, core.options)',
      replace: `new Progress(
      core.log.lastIndex + (core.log.lastTerm === core.currentTerm ? 1 : 2),
      replicationId,
      core.options,
    )`,
    },
  ],
};
