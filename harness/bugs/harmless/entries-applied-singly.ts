/** Committed entries are applied one a turn. */
import type { Bug } from '../bug.ts';

export const entriesAppliedSingly: Bug = {
  id: 'entries-applied-singly',
  title: 'the applied index lags behind the commit index',
  mechanism:
    'A batch of entries that is applied in one turn holds one entry. Reads wait longer and ' +
    'snapshots are taken elsewhere; the order is the same.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/applier.ts',
      find: `const batchCountMax = 4096;`,
      replace: `const batchCountMax = 1;`,
    },
  ],
};
