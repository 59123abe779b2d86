/** What may leave at once leaves later in the same turn: a run differs in crashes at most. */
import type { Bug } from '../bug.ts';

export const writesQueuedFirst: Bug = {
  id: 'writes-queued-first',
  title: 'messages leave after the write was handed over',
  mechanism:
    'The messages of a step that depend on no write leave after the write was put into its ' +
    'queue, instead of before. Neither waits for the other.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: `    this.#send(ready.messages);
    if (write !== null`,
      replace: `    if (write !== null`,
    },
    {
      file: 'server/raft-driver.ts',
      find: `    if (ready.installed !== null) this.#install(ready.installed);`,
      replace: `    this.#send(ready.messages);
    if (ready.installed !== null) this.#install(ready.installed);`,
    },
  ],
};
