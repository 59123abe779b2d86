/** A snapshot says that it ends some entries before it does. */
import type { Bug } from '../bug.ts';

export const appliedAgain: Bug = {
  id: 'applied-again',
  title: 'entries before a snapshot are applied twice',
  mechanism:
    'A snapshot is named after an entry some way before the last one that it holds. Who comes up ' +
    'from it, or gets it from a leader, applies what lies between again: it adds to a number ' +
    'twice.',
  exposedBy: 'restarts; snapshots must be taken, so here they are taken often',
  workload: 'counter',
  args: ['--nemesis', 'kill', '--nemesis-every', '100'],
  citations: ['[Raft §7]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: '    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex),',
      replace: '    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex - 6),',
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: '    if (appliedIndex !== this.#parts.appliedIndex) {',
      replace: '    if (appliedIndex < this.#parts.appliedIndex) {',
    },
    {
      file: 'server/raft-driver.ts',
      find: '    const { snapshotEntries, snapshotBytes } = this.#options;',
      replace: `    const snapshotEntries = 10;
    const { snapshotBytes } = this.#options;`,
    },
  ],
};
