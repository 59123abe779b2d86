/** Answers to an earlier time of replication count. */
import type { Bug } from '../bug.ts';

export const oldSessionCounts: Bug = {
  id: 'old-session-counts',
  title: 'a late answer of a removed server counts for the one added anew',
  mechanism:
    'The leader knows a follower by its name alone. When a server is removed and added again in ' +
    'one term, an answer to what was sent before says more of its log than it has now.',
  exposedBy: 'a server that is removed, emptied and added again while its answers are held back',
  workload: 'list-append',
  args: ['--nemesis-schedule', 'readmission'],
  citations: [
    'raft-rs #571 https://gitmemories.com/tikv/raft-rs/issues/571',
    'etcd-io/raft #349 https://github.com/etcd-io/raft/issues/349',
  ],
  rows: ['B20'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /match index|quorum/ }, { checker: 'recovery' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  return progress?.replicationId === message.replicationId ? progress : null;',
      replace: '  return progress ?? null;',
    },
  ],
};
