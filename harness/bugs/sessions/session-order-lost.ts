/** A snapshot does not tell which session was used last. */
import type { Bug } from '../bug.ts';

export const sessionOrderLost: Bug = {
  id: 'session-order-lost',
  title: 'after a restart another session expires than on the others',
  mechanism:
    'The sessions of a snapshot are taken in the order in which they lie in it, and not in ' +
    'that of their last use. The next one to expire is looked for at the wrong end: a node ' +
    'that came up from a snapshot keeps sessions that the others have ended.',
  exposedBy:
    'restarts, and sessions that expire; here they do after a hundred entries at the latest',
  workload: 'sessions',
  args: [
    '--nemesis',
    'kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: ['[Ongaro §6.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    this.#restored.sort((left, right) => left.lastUsedIndex - right.lastUsedIndex);
`,
      replace: '',
    },
    {
      file: 'server/kv/sessions.ts',
      find: `oldest.lastUsedIndex + this.limits.idleEntriesMax >= index`,
      replace: `oldest.lastUsedIndex + Math.min(100, this.limits.idleEntriesMax) >= index`,
    },
  ],
};
