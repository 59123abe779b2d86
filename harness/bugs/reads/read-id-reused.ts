/** A follower's request for a read index keeps its id when it is sent again, and has no term. */
import type { Bug } from '../bug.ts';

export const readIdReused: Bug = {
  id: 'read-id-reused',
  title: 'the late answer to a request for a read index serves reads that were asked after it',
  mechanism:
    'A request that has no answer is sent again under its old id, together with the reads that ' +
    'have come meanwhile, and it outlives a change of leader. The first answer that comes counts ' +
    'for all of them, of whatever leader and term.',
  exposedBy: 'links from the leader that hold messages back while it is replaced',
  workload: 'register',
  args: ['--nemesis', 'hold,delay,pause', '--nemesis-every', '100'],
  citations: [
    'etcd #20418 https://github.com/etcd-io/etcd/issues/20418',
    'etcd #21375 https://github.com/etcd-io/etcd/pull/21375',
    'etcd #21399 https://github.com/etcd-io/etcd/pull/21399',
  ],
  rows: ['B25'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /reads/ }],
  edits: [
    {
      file: 'server/raft/read-index.ts',
      find: '  const requestId = forwardedReads.nextRequestId++;',
      replace: `  const requestId =
    forwardedReads.requests.at(-1)?.requestId ?? forwardedReads.nextRequestId++;`,
    },
    {
      file: 'server/raft/read-index.ts',
      find: '  forwardedReads.requests.push({ requestId, ids });',
      replace: '  forwardedReads.requests = [{ requestId, ids }];',
    },
    {
      file: 'server/raft/read-index.ts',
      find: `  if (message.term !== core.currentTerm || from !== core.leaderId) return;
`,
      replace: '',
    },
    {
      file: 'server/raft/role.ts',
      find: `  if (later || leaderId !== core.leaderId) rejectForwardedReads(core);
`,
      replace: '',
    },
  ],
};
