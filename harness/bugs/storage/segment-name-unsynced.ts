/** A new segment of the log has a name that a power loss takes away. */
import type { Bug } from '../bug.ts';

export const segmentNameUnsynced: Bug = {
  id: 'segment-name-unsynced',
  title: 'a segment of the log vanishes with its entries',
  mechanism:
    'A new segment is synced and renamed, and the directory is not synced after it. The sync of ' +
    'the file makes its contents durable and not its name: a power loss takes the whole segment ' +
    'away, with all that was acknowledged since.',
  exposedBy: 'a power loss after the log has gone on to a new segment',
  workload: 'grow-set',
  args: ['--nemesis', 'power:one', '--nemesis-every', '100', '--world', 'segment=4'],
  citations: ['etcd #6368 https://github.com/etcd-io/etcd/issues/6368'],
  rows: ['B41'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/wal-segment.ts',
      find: `    (stepDone: Done) => disk.syncDirectory(stepDone),
`,
      replace: '',
    },
  ],
};
