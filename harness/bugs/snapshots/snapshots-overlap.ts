/** A snapshot is begun while another is being written. */
import type { Bug } from '../bug.ts';

export const snapshotsOverlap: Bug = {
  id: 'snapshots-overlap',
  title: 'two snapshots in quick succession end the node',
  mechanism:
    'Whether a snapshot is due is told by the entries since the last one that is complete; ' +
    'that one is being written already is not asked. The second one finds the first under ' +
    'way, and the node ends.',
  exposedBy: 'many writes and a low threshold',
  workload: 'grow-set',
  args: ['--nemesis', 'disk-slow', '--nemesis-every', '50', '--world', 'snapshot=5'],
  citations: ['etcd #18055 https://github.com/etcd-io/etcd/issues/18055'],
  rows: ['B54'],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/node-snapshots.ts',
      find: `    if (this.taking || this.#stopped || entryCount === 0) return false;`,
      replace: `    if (this.#stopped || entryCount === 0) return false;`,
    },
  ],
};
