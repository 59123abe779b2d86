/** The first record of a segment is written to one file, and another one is synced. */
import type { Bug } from '../bug.ts';

export const firstRecordUnsynced: Bug = {
  id: 'first-record-unsynced',
  title: 'the first record of each segment is not synced',
  mechanism:
    'An append looks up the file that it is to sync before it knows that it has to begin a new ' +
    'segment: it writes its record to the new one, and syncs the old one. What it confirms is ' +
    'durable only when the next record is.',
  exposedBy: 'a power loss right after the log has gone on to a new segment',
  workload: 'grow-set',
  args: ['--nemesis', 'power', '--nemesis-every', '50', '--world', 'segment=4'],
  citations: ['[Fig. 2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal.ts',
      find: `    const steps: DiskStep[] = [];
    if (rolls) {`,
      replace: `    const steps: DiskStep[] = [];
    this.#fileToSync = segmentFile(this.#live.sequence);
    if (rolls) {`,
    },
    {
      file: 'server/storage/wal.ts',
      find: '  #marking = false;\n  /**',
      replace: "  #marking = false;\n  #fileToSync = '';\n  /**",
    },
    {
      file: 'server/storage/wal.ts',
      find: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);`,
      replace: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(this.#fileToSync, stepDone);`,
    },
  ],
};
