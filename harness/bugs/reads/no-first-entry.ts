/** A new leader appends nothing, and answers reads at the commit index that it happens to know. */
import type { Bug } from '../bug.ts';

export const noFirstEntry: Bug = {
  id: 'no-first-entry',
  title: 'a new leader does not begin its term with an entry',
  mechanism:
    'A leader appends no entry of its own when it is elected. Its commit index is what it ' +
    'heard before, or the snapshot after a restart, until somebody writes; reads are answered ' +
    'there all the same.',
  exposedBy: 'every node killed and restarted, and reads before the first write',
  workload: 'register',
  args: ['--nemesis', 'kill:all,kill:majority', '--nemesis-every', '100'],
  citations: [
    'redisraft #18 https://github.com/RedisLabs/redisraft/issues/18',
    'redisraft #19 https://github.com/RedisLabs/redisraft/issues/19',
    'redisraft #22 https://github.com/RedisLabs/redisraft/pull/22',
  ],
  rows: ['B23'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: `  appendAsLeader(core, 'no-op', noData);
  broadcastEntries(core);`,
      replace: '  broadcastHeartbeat(core);',
    },
    {
      file: 'server/raft/read-index.ts',
      find: `  if (log.termAt(core.commitIndex) !== core.currentTerm) return false;
`,
      replace: '',
    },
  ],
};
