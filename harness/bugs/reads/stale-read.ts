/** The leader answers reads without asking whether it still leads. */
import type { Bug } from '../bug.ts';

export const staleRead: Bug = {
  id: 'stale-read',
  title: 'reads without confirming leadership',
  mechanism:
    'A read is released in the round that it was asked in, before any follower has answered ' +
    'it. A leader that was cut off and replaced goes on answering from what it had: nor does it ' +
    'step down when nobody follows it.',
  exposedBy: 'a leader isolated together with clients, while the others elect a new one',
  workload: 'register',
  args: ['--nemesis', 'partition', '--nemesis-every', '500', '--time-limit', '15'],
  citations: [
    'aphyr, etcd and Consul https://aphyr.com/posts/316-__call-me-maybe-etcd-and-consul',
    'Xline #870 https://github.com/xline-kv/Xline/issues/870',
  ],
  rows: ['B22'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable', kinds: ['stale-read', 'non-monotonic-read', 'lost-write'] }],
  edits: [
    {
      file: 'server/raft/read-index.ts',
      find: '  const confirmedRound = confirmedReadRound(core);',
      replace: '  const confirmedRound = Math.max(core.reads.round, confirmedReadRound(core));',
    },
    {
      file: 'server/raft/replication.ts',
      find: `      becomeFollower(core, core.currentTerm, null);
      return;
    }
  }
  stepTransferTick(core);`,
      replace: `    }
  }
  stepTransferTick(core);`,
    },
  ],
};
