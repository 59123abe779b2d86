/** A read is served when its index is known, and not when it is applied. */
import type { Bug } from '../bug.ts';

export const readBeforeApplied: Bug = {
  id: 'read-before-applied',
  title: 'a confirmed read does not wait until its index is applied',
  mechanism:
    'The leader confirms a read and tells its index, and the node answers from what it has ' +
    'applied by then, whether the index is among it or not.',
  exposedBy: 'a follower whose entries come later than the answer to its question',
  workload: 'register',
  args: ['--nemesis', 'delay,rate'],
  citations: ['compare etcd #13464 https://github.com/etcd-io/etcd/issues/13464', '[Ongaro §6.4]'],
  rows: ['B65'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/pending-reads.ts',
      find: `    const ready = this.#confirmed.filter(({ readIndex }) => readIndex <= appliedIndex);
    this.#confirmed = this.#confirmed.filter(({ readIndex }) => readIndex > appliedIndex);`,
      replace: `    const ready = this.#confirmed;
    this.#confirmed = [];`,
    },
  ],
};
