/** A sync that failed is tried again, and believed. */
import type { Bug } from '../bug.ts';

export const syncRetried: Bug = {
  id: 'sync-retried',
  title: 'a failed fdatasync is repeated until it succeeds',
  mechanism:
    'When the sync of a record fails, it is tried again. The system has dropped what it could ' +
    'not write and reports its error once: the second sync succeeds, and the record that it is ' +
    'believed to have saved is in memory alone.',
  exposedBy: 'a sync that fails once on enough nodes, and then a loss of their power',
  workload: 'grow-set',
  args: ['--nemesis', 'disk-error:fsync,power:majority', '--nemesis-every', '40'],
  citations: [
    'Rebello et al., ATC 2020 https://www.usenix.org/conference/atc20/presentation/rebello',
    'PostgreSQL fsync errors https://wiki.postgresql.org/wiki/Fsync_Errors',
  ],
  rows: ['B48'],
  needs: 'sector',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/storage/wal.ts',
      find: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);`,
      replace: `        crashPoints.reach('wal.after-append-before-fsync');
        const sync = (): void => {
          disk.sync(file, (error) => {
            if (error === null) stepDone(null);
            else sync();
          });
        };
        sync();`,
    },
  ],
};
