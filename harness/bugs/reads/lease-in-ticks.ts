/** Leases of a leader that counts ticks, which stand still while it does. */
import type { Bug } from '../bug.ts';
import { leaseEdits } from './lease-edits.ts';

export const leaseInTicks: Bug = {
  id: 'lease-in-ticks',
  title: 'a lease goes on while its leader is frozen or slow',
  mechanism:
    'A leader answers reads by itself for an election timeout after a quorum has answered it, ' +
    'and counts that in ticks of its own. One that was frozen counts none of the time in which ' +
    'the others have elected another.',
  exposedBy: 'a leader that is frozen, and cut off from its successor when it goes on',
  workload: 'register',
  args: ['--nemesis', 'pause:leader,partition:leader', '--nemesis-every', '50'],
  citations: [
    'TiKV #964 https://github.com/tikv/tikv/issues/964',
    'etcd #6005 https://github.com/etcd-io/etcd/issues/6005',
    'nebula #2723 https://github.com/vesoft-inc/nebula/issues/2723',
  ],
  rows: ['B27'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /reads/ }],
  edits: [
    ...leaseEdits,
    {
      file: 'server/raft/read-index.ts',
      find: "  if (core.role !== 'leader' || reads.waiting.length === 0) return false;",
      replace: `  if (core.role !== 'leader' || reads.waiting.length === 0) return false;
  if (core.transfer !== null) {
    reads.sent = [];
    reads.leaseUntilTick = 0;
  }`,
    },
    {
      file: 'server/raft/role.ts',
      find: `  core.transfer = null;
`,
      replace: `  core.transfer = null;
  core.reads.sent = [];
  core.reads.leaseUntilTick = 0;
`,
    },
  ],
};
