/** A leader waits for each answer before it sends more. */
import type { Bug } from '../bug.ts';

export const windowOfOne: Bug = {
  id: 'window-of-one',
  title: 'one message with entries under way for each follower',
  mechanism:
    'The window of a follower holds a single message: the next one leaves when that is ' +
    'answered. Replication is slower, and as safe.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/options.ts',
      find: `    maxInflightMessages: 64,`,
      replace: `    maxInflightMessages: 1,`,
    },
  ],
};
