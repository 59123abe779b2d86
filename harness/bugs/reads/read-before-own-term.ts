/** A new leader answers reads before it has committed an entry of its own term. */
import type { Bug } from '../bug.ts';

export const readBeforeOwnTerm: Bug = {
  id: 'read-before-own-term',
  title: 'reads at a commit index that the new leader does not know yet',
  mechanism:
    'A read index is the commit index of the leader at once after its election. Its predecessor ' +
    'may have committed and answered more than it has told, and the read misses that.',
  exposedBy: 'a change of leader while clients write and read',
  workload: 'register',
  args: ['--nemesis', 'kill:leader,transfer', '--nemesis-every', '100'],
  citations: [
    'etcd #7331 https://github.com/etcd-io/etcd/issues/7331',
    'TiKV #6340 https://github.com/tikv/tikv/pull/6340',
    'TiKV #9239 https://github.com/tikv/tikv/pull/9239',
  ],
  rows: ['B24'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/read-index.ts',
      find: `  if (log.termAt(core.commitIndex) !== core.currentTerm) return false;
`,
      replace: '',
    },
  ],
};
