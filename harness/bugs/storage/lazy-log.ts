/** A write counts as durable when it is in a buffer of the process. */
import type { Bug } from '../bug.ts';

export const lazyLog: Bug = {
  id: 'lazy-log',
  title: 'writes count as durable before they are on disk',
  mechanism:
    'The log is written in large pieces: what comes is gathered, and counts as durable ' +
    'meanwhile. Whoever is killed loses the last writes, entries and votes, that it has ' +
    'confirmed.',
  exposedBy: 'a majority that is killed at the same time',
  workload: 'grow-set',
  args: ['--nemesis', 'kill', '--nemesis-every', '200'],
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
      file: 'server/storage/write-queue.ts',
      find: '    runInOrder(this.#stepsOf(writes), (error) => {',
      replace: `    if (writes[0]?.snapshot === null && this.#gathered.length < 64) {
      this.#gathered.push(...writes);
      this.#finish(batch);
      return;
    }
    const gathered = this.#gathered.splice(0);
    const steps = gathered.length === 0 ? [] : this.#stepsOf(gathered);
    runInOrder([...steps, ...this.#stepsOf(writes)], (error) => {`,
    },
    {
      file: 'server/storage/write-queue.ts',
      find: `  #marking = false;
  #failed`,
      replace: `  #marking = false;
  #gathered: Write[] = [];
  #failed`,
    },
  ],
};
