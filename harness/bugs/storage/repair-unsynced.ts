/** What a start has read is taken for what is on the disk. */
import type { Bug } from '../bug.ts';

export const repairUnsynced: Bug = {
  id: 'repair-unsynced',
  title: 'a start believes what it reads from the memory of the system',
  mechanism:
    'A process dies between the write and the sync of a record. The next one reads the record ' +
    'back from memory, takes it for durable and answers for it, and does not sync it: a power ' +
    'loss afterwards takes it away.',
  exposedBy: 'a process that is killed, restarted, and then loses its power',
  workload: 'grow-set',
  args: ['--nemesis', 'kill,power', '--nemesis-every', '30', '--world', 'power=0.5'],
  citations: [
    'Rebello et al., ATC 2020 https://www.usenix.org/conference/atc20/presentation/rebello',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal-recovery.ts',
      find: `  if (lastRecord !== null && !lastRecord.marked) {
    const bytes`,
      replace: `  if (lastRecord !== null && lastRecord.length < 0) {
    const bytes`,
    },
    {
      file: 'server/storage/wal-recovery.ts',
      find: `  steps.push(
    (done) => disk.sync(file, done),
    (done) => disk.syncDirectory(done),
  );
  return steps;`,
      replace: `  steps.push((done) => disk.syncDirectory(done));
  return steps;`,
    },
  ],
};
