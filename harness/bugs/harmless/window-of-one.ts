/** A leader waits for each answer before it sends more. */
import type { Bug } from '../bug.ts';

export const windowOfOne: Bug = {
  id: 'window-of-one',
  title: 'one message with entries under way for each follower',
  mechanism:
    'The window of a follower holds a single message, whatever it was told to hold: the next ' +
    'one leaves when that is answered. Replication is slower, and as safe.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/progress.ts',
      find: `    return this.#inflight.length < maxInflightMessages && this.#inflightBytes`,
      replace: `    const isOpen = this.#inflight.length < Math.min(1, maxInflightMessages);
    return isOpen && this.#inflightBytes`,
    },
  ],
};
