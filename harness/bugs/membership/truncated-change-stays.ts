/** A change of members is taken out of the log, and stays in force. */
import type { Bug } from '../bug.ts';

export const truncatedChangeStays: Bug = {
  id: 'truncated-change-stays',
  title: 'a change of members stays in force when its entry is replaced',
  mechanism:
    'A follower takes its members from the newest configuration that it was sent. When the ' +
    'entry is removed for those of a later leader, nobody goes back to the one before.',
  exposedBy: 'a leader that is cut off with a change of its own, and comes back',
  workload: 'register',
  args: ['--nemesis-schedule', 'members'],
  citations: ['canonical/raft #250 https://github.com/canonical/raft/issues/250', '[Raft §6]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/configuration-history.ts',
      find: `    const before = this.#later.length;
    this.#later = this.#later.filter((one) => one.index < index);
    return this.#later.length !== before;`,
      replace: '    return index < 0;',
    },
    {
      file: 'server/raft/configuration-history.ts',
      find: `      if (entry.index <= this.current.index) {
        const facts = { index: entry.index, currentIndex: this.current.index };
        throw new InvariantError('configurations are appended in order', facts);
      }
`,
      replace: `      this.#later = this.#later.filter((one) => one.index < entry.index);
`,
    },
    {
      file: 'server/raft/invariants.ts',
      find: `    assert(
      inForce.index < log.firstIndex,
      'a configuration in force is in the log or before it',
      at,
    );
`,
      replace: '',
    },
    {
      file: 'server/raft/invariants.ts',
      find: `  assert(same, 'the configuration in force is the newest in the log [Raft §6]', at);
`,
      replace: '',
    },
  ],
};
