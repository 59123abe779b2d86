/** APPEND counts its words wrongly. */
import type { Bug } from '../bug.ts';

export const appendRefused: Bug = {
  id: 'append-refused',
  title: 'an operation that never succeeds',
  mechanism:
    'The command APPEND is registered with four words and has three: it is always refused, ' +
    'in good order and for good.',
  exposedBy: 'anybody who appends; no fault is needed',
  workload: 'kv',
  args: ['--nemesis', 'none'],
  citations: ['[Raft §8]: an operation is executed when a quorum has it'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'stats', says: /append/, valid: 'unknown' }],
  edits: [
    {
      file: 'server/resp/data-commands.ts',
      find: "  change('append', 3, [",
      replace: "  change('append', 4, [",
    },
  ],
};
