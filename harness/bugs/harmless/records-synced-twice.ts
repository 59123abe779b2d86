/** A record of the log is synced, and synced again. */
import type { Bug } from '../bug.ts';

export const recordsSyncedTwice: Bug = {
  id: 'records-synced-twice',
  title: 'a second sync after each',
  mechanism:
    'What was written to the log is synced twice before anything depends on it. The second has ' +
    'nothing to do but take its time.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/storage/wal.ts',
      find: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);
      },
`,
      replace: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);
      },
      (stepDone) => disk.sync(file, stepDone),
`,
    },
  ],
};
