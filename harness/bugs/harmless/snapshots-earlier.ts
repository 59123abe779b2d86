/** A snapshot is taken after half of the entries. */
import type { Bug } from '../bug.ts';

export const snapshotsEarlier: Bug = {
  id: 'snapshots-earlier',
  title: 'twice as many snapshots',
  mechanism:
    'A node takes a snapshot when half as many entries were applied as it was told to wait for, ' +
    'and so compacts its log elsewhere.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/node-snapshots.ts',
      find: `entryCount >= entryCountMax &&`,
      replace: `2 * entryCount >= entryCountMax &&`,
    },
  ],
};
