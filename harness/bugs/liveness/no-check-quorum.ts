/** A leader that nobody answers goes on leading. */
import type { Bug } from '../bug.ts';

export const noCheckQuorum: Bug = {
  id: 'no-check-quorum',
  title: 'a leader that hears nobody is not given up',
  mechanism:
    'A leader does not ask whether a quorum still answers it. While the others hear its ' +
    'heartbeats and it hears none of them, nothing is committed and nobody is elected.',
  exposedBy: 'a one-way partition, behind which the leader hears nobody and is heard',
  workload: 'cas-register',
  args: ['--nemesis', 'partition:oneway-raw', '--nemesis-every', '100', '--availability', '0.6'],
  citations: [
    'Howard 2020 https://decentralizedthoughts.github.io/2020-12-12-raft-liveness-full-omission/',
    '[Ongaro §6.2]',
  ],
  rows: ['B60'],
  needs: 'cluster',
  expect: [
    { checker: 'stability', says: /had a leader for|served \d+ of/ },
    { checker: 'availability' },
  ],
  edits: [
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
