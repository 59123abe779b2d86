/** The longer log is taken for the newer one. */
import type { Bug } from '../bug.ts';

export const lengthBeforeTerm: Bug = {
  id: 'length-before-term',
  title: 'a long log of an old term wins an election',
  mechanism:
    'Two logs are compared by their length first, and by the term of their last entry only when ' +
    'they are equally long. A leader that was cut off, and has collected entries that nobody ' +
    'else has, wins against those who have committed newer ones.',
  exposedBy: 'a leader that is isolated with unacknowledged writes, and an election later',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill', '--nemesis-every', '50'],
  citations: ['[Raft §5.4.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /leader completeness/ }],
  edits: [
    {
      file: 'server/raft/log.ts',
      find: `    if (last.term !== this.lastTerm) return last.term > this.lastTerm;
    return last.index >= this.lastIndex;`,
      replace: `    if (last.index !== this.lastIndex) return last.index > this.lastIndex;
    return last.term >= this.lastTerm;`,
    },
  ],
};
