/** Each write becomes a record of its own. */
import type { Bug } from '../bug.ts';

export const recordsNotGrouped: Bug = {
  id: 'records-not-grouped',
  title: 'no group commit',
  mechanism:
    'What waits while the disk is busy is not gathered into one record: each write is saved ' +
    'and synced for itself, in its turn.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/storage/write-queue.ts',
      find: `const recordBytesMax = 8 * 1024 * 1024;`,
      replace: `const recordBytesMax = 1;`,
    },
  ],
};
