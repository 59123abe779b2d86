/** A snapshot replaces the log, and not the members that were in it and never committed. */
import type { Bug } from '../bug.ts';

export const phantomMembers: Bug = {
  id: 'phantom-members',
  title: 'members that were never committed stay in force when a snapshot is installed',
  mechanism:
    'When a snapshot takes the place of the log, its configuration is taken over only if it ' +
    'stands behind the one in force. One that was appended and never committed has the higher ' +
    'index, and goes on deciding who votes.',
  exposedBy: 'a leader that is cut off with a change of its own until it needs a snapshot',
  workload: 'register',
  args: ['--nemesis-schedule', 'members', '--world', 'snapshot=10,trailing=0'],
  citations: ['openraft #1808 https://github.com/databendlabs/openraft/issues/1808', '[Fig. 13]'],
  rows: ['B33'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/configuration-history.ts',
      find: `    this.#base = base;
    this.#later = [];`,
      replace: `    this.#base = this.current.index > base.index ? this.current : base;
    this.#later = [];`,
    },
  ],
};
