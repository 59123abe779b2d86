/** A snapshot says that it ends one entry before it does. */
import type { Bug } from './bug.ts';

export const appliedAgain: Bug = {
  id: 'applied-again',
  title: 'the entry after a snapshot is applied twice',
  mechanism:
    'A snapshot is named after the entry before the last one that it holds. Who comes up ' +
    'from it, or gets it from a leader, applies that last one again: it adds to a number ' +
    'twice.',
  exposedBy: 'restarts; snapshots must be taken, so here they are taken often',
  workload: 'counter',
  args: ['--nemesis', 'kill', '--nemesis-every', '100'],
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: '    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex),',
      replace: '    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex - 1),',
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: '    if (appliedIndex !== this.#parts.appliedIndex) {',
      replace: '    if (appliedIndex < this.#parts.appliedIndex) {',
    },
    {
      file: 'server/host/flags.ts',
      find: '    default: 50_000,',
      replace: '    default: 10,',
    },
  ],
};
