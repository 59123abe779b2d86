/** A follower lets its leader confirm a read, and takes its own commit index for it. */
import type { Bug } from '../bug.ts';

export const ownCommitIndex: Bug = {
  id: 'own-commit-index',
  title: 'a follower reads at the commit index that it knows itself',
  mechanism:
    'The answer of the leader counts as a word that it still leads, and the index in it is not ' +
    'used. What the leader has committed and not yet told the follower is missing.',
  exposedBy: 'nothing: the next heartbeat tells a follower of what was committed',
  workload: 'register',
  args: ['--nemesis', 'none'],
  citations: ['[Ongaro §6.4]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/read-index.ts',
      find: '    else outbox.reads.push({ id, readIndex: message.readIndex });',
      replace: '    else outbox.reads.push({ id, readIndex: core.commitIndex });',
    },
  ],
};
