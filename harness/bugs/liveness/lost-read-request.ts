/** A follower waits for ever for the answer to its one request for a read index. */
import type { Bug } from '../bug.ts';

export const lostReadRequest: Bug = {
  id: 'lost-read-request',
  title: 'a node does not serve reads any more after it was cut off',
  mechanism:
    'One request for a read index is on its way at a time. One that is lost is not sent ' +
    'again, and not given up when the leader is lost: all reads at this node wait behind it ' +
    'for ever.',
  exposedBy: 'a follower that is cut off while somebody reads there',
  workload: 'register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200', '--availability', '0.6'],
  citations: ['compare etcd #9566 https://github.com/etcd-io/etcd/issues/9566', '[Ongaro §6.4]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'bounds', says: /keeps reads waiting/ }, { checker: 'availability' }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: 'core.electionTimeoutTicks) stepForwardedReadsTick(core);',
      replace: 'core.electionTimeoutTicks) return;',
    },
    {
      file: 'server/raft/election.ts',
      find: "  else if (core.role === 'learner') loseLeader",
      replace: "  if (core.role === 'learner') loseLeader",
    },
    {
      file: 'server/raft/read-index.ts',
      find: `  forwardedReads.requests = [];
  forwardedReads.waiting = [];
  for (const id of ids)`,
      replace: `  forwardedReads.waiting = [];
  for (const id of ids)`,
    },
  ],
};
