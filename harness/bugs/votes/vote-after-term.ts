/** Term and vote are two writes. */
import type { Bug } from '../bug.ts';

export const voteAfterTerm: Bug = {
  id: 'vote-after-term',
  title: 'term and vote are written one after the other',
  mechanism:
    'The term is one record and the vote another. The first counts as the write of both, and ' +
    'what ' +
    'waited for it leaves; a crash before the second one leaves a voter in a term in which it ' +
    'has voted, and knows nothing of it.',
  exposedBy: 'a voter that crashes between the two records',
  workload: 'cas-register',
  args: ['--nemesis-schedule', 'crash-points'],
  citations: ['hashicorp/raft #661 https://github.com/hashicorp/raft/issues/661'],
  rows: ['B02'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /votes survive/ }],
  edits: [
    {
      file: 'server/storage/write-queue.ts',
      find: 'function toWalWrite({ hardState, snapshot, entries }: Write): WalWrite {',
      replace: `function toWalWrite({ hardState: both, snapshot, entries }: Write): WalWrite {
  const hardState = both === null ? null : { currentTerm: both.currentTerm, votedFor: null };`,
    },
    {
      file: 'server/storage/write-queue.ts',
      find: `    this.#writing = false;
    if (this.#waiting.length > 0) this.flush();
    else this.#mark();`,
      replace: `    const goOn = (): void => {
      this.#writing = false;
      if (this.#waiting.length > 0) this.flush();
      else this.#mark();
    };
    const hardState = batch.findLast(({ write }) => write?.hardState)?.write?.hardState ?? null;
    if (hardState === null || hardState.votedFor === null) {
      goOn();
      return;
    }
    this.#wal.append([{ hardState, snapshot: null, entries: [] }], (error) => {
      if (this.#failed) return;
      if (error === null) goOn();
      else this.#fail(error);
    });`,
    },
  ],
};
