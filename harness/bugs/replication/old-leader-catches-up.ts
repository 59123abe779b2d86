/** Who catches up takes entries from whoever sends some. */
import type { Bug } from '../bug.ts';

export const oldLeaderCatchesUp: Bug = {
  id: 'old-leader-catches-up',
  title: 'a late message of a deposed leader is accepted',
  mechanism:
    'A follower that has refused its leader’s entries, and is brought up to date, does not look ' +
    'at the term of the messages that bring it further. One of an earlier leader, which was long ' +
    'under way, takes away what the new one has sent.',
  exposedBy: 'a message that is held, a change of leader, and its release while a node catches up',
  workload: 'list-append',
  args: ['--nemesis', 'hold,partition', '--nemesis-every', '50'],
  citations: [
    'NATS #7209 https://github.com/nats-io/nats-server/pull/7209',
    'NATS #7424 https://github.com/nats-io/nats-server/pull/7424',
  ],
  rows: ['B13'],
  needs: 'message',
  expect: [
    { checker: 'raft-invariants', says: /leader completeness|log matching|safety/ },
    { checker: 'exits' },
  ],
  edits: [
    {
      file: 'server/raft/core.ts',
      find: `  leaderId: NodeId | null;
`,
      replace: `  leaderId: NodeId | null;
  catchesUp?: boolean;
`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (message.term < core.currentTerm) {',
      replace: `  const isOld = message.term < core.currentTerm;
  if (isOld && !(core.catchesUp && core.role === 'follower')) {`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: `  followLeader(core, message);
  core.leaderTransferEpoch = Math.max(core.leaderTransferEpoch, message.transferEpoch);`,
      replace: `  if (!isOld) {
    followLeader(core, message);
    core.leaderTransferEpoch = Math.max(core.leaderTransferEpoch, message.transferEpoch);
  }`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '    refuse(core, from, { ...conflictBefore(core, message),',
      replace: `    core.catchesUp = true;
    refuse(core, from, { ...conflictBefore(core, message),`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  const matchIndex = prevLogIndex + message.entries.length;',
      replace: `  const matchIndex = prevLogIndex + message.entries.length;
  if (!isOld && matchIndex >= message.leaderCommit) core.catchesUp = false;`,
    },
  ],
};
