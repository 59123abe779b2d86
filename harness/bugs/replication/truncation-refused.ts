/** An assertion says that what was written is never removed. */
import type { Bug } from '../bug.ts';

export const truncationRefused: Bug = {
  id: 'truncation-refused',
  title: 'a node ends by itself now and then',
  mechanism:
    'The log refuses to remove entries that are on their way to the disk or there already: ' +
    'for a broken promise it takes what is one only of committed entries. The node ends, and ' +
    'ends again at its next start.',
  exposedBy: 'a leader that is isolated with unacknowledged writes, and returns',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200', '--recovery-limit', '5'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exits' }],
  edits: [
    {
      file: 'server/raft/log.ts',
      find: `    if (index < this.firstIndex || index > this.lastIndex) {
      const facts = { index, firstIndex: this.firstIndex, lastIndex: this.lastIndex };
      throw new InvariantError('a truncation removes something', facts);`,
      replace: `    if (index < this.#firstUnwrittenIndex || index > this.lastIndex) {
      const facts = { index, firstIndex: this.firstIndex, lastIndex: this.lastIndex };
      throw new InvariantError('a truncation removes nothing that was written', facts);`,
    },
  ],
};
