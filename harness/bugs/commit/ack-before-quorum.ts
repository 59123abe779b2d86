/** The leader commits what it alone has on disk: a list forks. */
import type { Bug } from '../bug.ts';

export const ackBeforeQuorum: Bug = {
  id: 'ack-before-quorum',
  title: 'writes acknowledged before a quorum has them',
  mechanism:
    'The commit rule takes the greatest durable index of the leader in place of the ' +
    'quorum’s. A write is acknowledged although no follower need have it, and its successor ' +
    'overwrites it.',
  exposedBy: 'a leader that is isolated or killed right after it has acknowledged a write',
  workload: 'list-append',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  const index = quorumMatchIndex(core);',
      replace: '  const index = Math.max(core.durability.durableIndex, quorumMatchIndex(core));',
    },
  ],
};
