/** An own snapshot and a leader's of the same index are published at the same time. */
import type { Bug } from '../bug.ts';

export const snapshotsShareName: Bug = {
  id: 'snapshots-share-name',
  title: 'the only snapshot is removed for its own sake',
  mechanism:
    'A snapshot that the node has taken and one of the same index that its leader sent are both ' +
    'renamed to the name of that index before either is the current one. The first is then ' +
    'superseded; its file, which is the other’s, goes when nobody has read it for a while.',
  exposedBy: 'a leader’s snapshot that meets one that the node takes, and a restart later',
  workload: 'cas-register',
  args: ['--nemesis', 'until-snapshot,kill', '--world', 'snapshot=5,trailing=0'],
  citations: ['a bug of the reference server that its simulation found', '[Raft §7]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exits', says: /corrupt|no snapshot/ }],
  edits: [
    {
      file: 'server/storage/snapshot-store.ts',
      find: `    this.#publications.push(publication);
    if (this.#publications.length === 1) this.#publishNext();`,
      replace: '    publication(() => {});',
    },
  ],
};
