/** A node that does not lead answers reads with what it has applied. */
import type { Bug } from '../bug.ts';

export const followerReadsOwn: Bug = {
  id: 'follower-reads-own',
  title: 'a follower answers reads from its own state',
  mechanism:
    'A read at a node that does not lead is served at once, as a read of old values would be, ' +
    'and passes for a linearizable one. A member that is stuck serves what it had.',
  exposedBy: 'a follower that is behind, which it nearly always is a little',
  workload: 'register',
  args: ['--nemesis', 'partition'],
  citations: ['compare etcd #20418 https://github.com/etcd-io/etcd/issues/20418'],
  rows: ['B65'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '    forwardReads(core, ids);',
      replace: '    for (const id of ids) core.outbox.reads.push({ id, readIndex: 0 });',
    },
  ],
};
