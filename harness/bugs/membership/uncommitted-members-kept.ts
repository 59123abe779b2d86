/** A snapshot holds the newest members, committed or not. */
import type { Bug } from '../bug.ts';

export const uncommittedMembersKept: Bug = {
  id: 'uncommitted-members-kept',
  title: 'a snapshot holds members that are not committed yet',
  mechanism:
    'A snapshot is given the configuration in force, and not the newest one up to its last ' +
    'entry. If the entry of that one is replaced later, nothing before it is known any more, and ' +
    'a restart begins with it.',
  exposedBy: 'a snapshot taken while a change of members waits, and a change of leader',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: ['canonical/raft #250 https://github.com/canonical/raft/issues/250', '[Raft §7]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/install-snapshot.ts',
      find: '    configuration: core.configurations.at(index),',
      replace: '    configuration: core.configurations.current,',
    },
    {
      file: 'server/storage/snapshot-format.ts',
      find: '  if (configuration === null || configuration.index > lastIncludedIndex) {',
      replace: '  if (configuration === null) {',
    },
    {
      file: 'server/raft/invariants.ts',
      find: `    assert(
      inForce.index < log.firstIndex,
      'a configuration in force is in the log or before it',
      at,
    );
`,
      replace: '',
    },
  ],
};
