/** Who installs a snapshot keeps the members that it knew, and not those of the snapshot. */
import type { Bug } from '../bug.ts';

export const snapshotMembersIgnored: Bug = {
  id: 'snapshot-members-ignored',
  title: 'a snapshot is installed without its members',
  mechanism:
    'When a snapshot takes the place of the log, the configuration that the own log had at that ' +
    'place stays in force in the one of the snapshot. Who was away while members changed goes by ' +
    'the old ones until the next change, or its restart.',
  exposedBy: 'changes of members while a node is away until it needs a snapshot',
  workload: 'register',
  args: ['--nemesis-schedule', 'members', '--world', 'snapshot=10,trailing=0'],
  citations: ['async-raft #133 https://github.com/async-raft/async-raft/issues/133', '[Fig. 13]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/install-snapshot.ts',
      find: '  core.configurations.resetTo(snapshot.configuration);',
      replace: '  core.configurations.resetTo(core.configurations.at(index));',
    },
  ],
};
