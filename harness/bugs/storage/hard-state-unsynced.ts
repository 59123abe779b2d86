/** Term and vote are written, and not synced. */
import type { Bug } from '../bug.ts';

export const hardStateUnsynced: Bug = {
  id: 'hard-state-unsynced',
  title: 'a vote is forgotten in a power loss',
  mechanism:
    'A record that holds entries is synced, one that holds nothing but a term or a vote is only ' +
    'written. The vote leaves, the power goes, and the node votes once more in the same term.',
  exposedBy: 'a power loss soon after a vote, and another candidate of the same term',
  workload: 'cas-register',
  args: ['--nemesis', 'power', '--nemesis-every', '50'],
  citations: ['[Raft §5.2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal.ts',
      find: `      this.#write(record, stepDone);
    });
    runInOrder(steps, done);`,
      replace: `      this.#hasEntries = writes.some(({ entries }) => entries.length > 0);
      this.#write(record, stepDone);
    });
    runInOrder(steps, done);`,
    },
    {
      file: 'server/storage/wal.ts',
      find: '  #marking = false;\n  /**',
      replace: '  #marking = false;\n  #hasEntries = true;\n  /**',
    },
    {
      file: 'server/storage/wal.ts',
      find: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);`,
      replace: `        crashPoints.reach('wal.after-append-before-fsync');
        if (this.#hasEntries) disk.sync(file, stepDone);
        else stepDone(null);`,
    },
  ],
};
