/** A leader serves its followers in another order. */
import type { Bug } from '../bug.ts';

export const followersInReverse: Bug = {
  id: 'followers-in-reverse',
  title: 'new entries go to the last follower first',
  mechanism:
    'New entries leave for the followers in the reverse of the order in which the leader knows ' +
    'them. What they get, and when it may count, is the same.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/sending.ts',
      find: `of core.progress) maybeSendEntries(`,
      replace: `of [...core.progress].reverse()) maybeSendEntries(`,
    },
  ],
};
