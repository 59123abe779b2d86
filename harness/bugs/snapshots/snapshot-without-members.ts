/** The members that a snapshot tells of are not believed after a restart. */
import type { Bug } from '../bug.ts';

export const snapshotWithoutMembers: Bug = {
  id: 'snapshot-without-members',
  title: 'a restart brings back the members of the first start',
  mechanism:
    'Who comes up from a snapshot looks for its members in the log, and takes those of the ' +
    'first start when the log no longer tells. It counts servers that were removed, and not ' +
    'those that were added.',
  exposedBy: 'a change of members, a snapshot after it, and a restart',
  workload: 'cas-register',
  args: [
    '--nemesis',
    'members,kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['[Raft §7]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/core.ts',
      find: 'new ConfigurationHistory(snapshot?.configuration ?? initial);',
      replace: 'new ConfigurationHistory(initial);',
    },
  ],
};
