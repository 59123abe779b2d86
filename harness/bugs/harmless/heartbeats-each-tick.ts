/** A leader sends more heartbeats than it was told to. */
import type { Bug } from '../bug.ts';

export const heartbeatsEachTick: Bug = {
  id: 'heartbeats-each-tick',
  title: 'a heartbeat with every tick',
  mechanism:
    'A leader broadcasts a heartbeat with each tick, however many ticks it was told to leave ' +
    'between two. That is more traffic, and nothing that a follower may not get.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: `  if (core.heartbeatElapsedTicks < core.options.heartbeatTimeoutTicks) return;`,
      replace: `  if (core.heartbeatElapsedTicks < 1) return;`,
    },
  ],
};
