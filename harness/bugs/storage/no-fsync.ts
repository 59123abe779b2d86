/** A write is answered for when the operating system has it, and the disk has not. */
import type { Bug } from '../bug.ts';

export const noFsync: Bug = {
  id: 'no-fsync',
  title: 'writes are acknowledged before fdatasync',
  mechanism:
    'The log is synced at every 64th record only; the others count as durable when they are ' +
    'written. Whoever is killed loses nothing, for the kernel holds them; whoever loses its ' +
    'power loses the last entries and votes, that it has confirmed.',
  exposedBy: 'a majority that loses its power at one moment; SIGKILL of processes shows nothing',
  workload: 'grow-set',
  args: ['--nemesis', 'power:majority', '--nemesis-every', '200'],
  citations: ['Jepsen: NATS 2.12.1 https://jepsen.io/analyses/nats-2.12.1'],
  rows: ['B39'],
  needs: 'cluster',
  expect: [
    {
      checker: 'linearizable',
      kinds: ['lost-element', 'lost-write', 'non-monotonic-read', 'stale-read', 'not-linearizable'],
    },
  ],
  edits: [
    {
      file: 'server/storage/wal.ts',
      find: `        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);`,
      replace: `        crashPoints.reach('wal.after-append-before-fsync');
        if (this.#counters.fsyncs % 64 === 63) disk.sync(file, stepDone);
        else stepDone(null);`,
    },
  ],
};
