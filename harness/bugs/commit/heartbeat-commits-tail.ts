/** A heartbeat commits whatever the follower has at that index. */
import type { Bug } from '../bug.ts';

export const heartbeatCommitsTail: Bug = {
  id: 'heartbeat-commits-tail',
  title: 'an entry is applied that was never committed',
  mechanism:
    'A follower takes the leader’s commit index as far as its own log reaches, and not as ' +
    'far as this message has shown that the logs agree. A tail of its own that it has still ' +
    'is committed with it. A leader begins with heartbeats, and sends entries to those that have ' +
    'answered it.',
  exposedBy:
    'a leader that is isolated with unacknowledged writes, and hears a heartbeat of its ' +
    'successor',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '400', '--time-limit', '15'],
  citations: [
    'atomix/copycat #265 https://github.com/atomix/copycat/issues/265',
    'rabbitmq/ra #508 https://github.com/rabbitmq/ra/pull/508',
  ],
  rows: ['B11'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /state machine safety/ }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: `noData);
  broadcastEntries(core);`,
      replace: `noData);
  broadcastHeartbeat(core);`,
    },
    {
      file: 'server/raft/progress.ts',
      find: '  #readRound = 0;',
      replace: `  #readRound = 0;
  #hasAnswered = false;`,
    },
    {
      file: 'server/raft/progress.ts',
      find: '    this.#readRound = Math.max(this.#readRound, readRound);',
      replace: `    this.#readRound = Math.max(this.#readRound, readRound);
    this.#hasAnswered = true;`,
    },
    {
      file: 'server/raft/progress.ts',
      find: "    if (this.#mode === 'probe') return !this.#probeOutstanding;",
      replace:
        "    if (this.#mode === 'probe') return !this.#probeOutstanding && this.#hasAnswered;",
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  learnCommitIndex(core, Math.min(message.leaderCommit, matchIndex));',
      replace: '  learnCommitIndex(core, Math.min(message.leaderCommit, core.log.lastIndex));',
    },
  ],
};
