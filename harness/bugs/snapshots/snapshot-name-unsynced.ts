/** A snapshot has a name that a power loss takes away. */
import type { Bug } from '../bug.ts';

export const snapshotNameUnsynced: Bug = {
  id: 'snapshot-name-unsynced',
  title: 'the log is reset for a snapshot that vanishes',
  mechanism:
    'A snapshot is renamed, and the directory is not synced before the log behind it goes. A ' +
    'power loss takes the new name back: the log begins behind a snapshot that is not there.',
  exposedBy: 'a power loss right after a snapshot was installed or the log was compacted',
  workload: 'kv',
  args: [
    '--nemesis',
    'until-snapshot,power',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['etcd #6368 https://github.com/etcd-io/etcd/issues/6368'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/snapshot-store.ts',
      find: `      disk.syncDirectory((syncError) => {
        if (syncError === null) this.#adopt(file);
        done(syncError);
      });`,
      replace: `      this.#adopt(file);
      done(null);`,
    },
  ],
};
