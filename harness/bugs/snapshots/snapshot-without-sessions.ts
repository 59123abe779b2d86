/** Snapshots hold the keys, and not the sessions. */
import type { Bug } from '../bug.ts';

export const snapshotWithoutSessions: Bug = {
  id: 'snapshot-without-sessions',
  title: 'sessions are lost with a snapshot',
  mechanism:
    'The sessions are part of the state, and left out of its snapshots. Who comes up from one ' +
    'knows none of them: it refuses calls that the others carry out, and their states part.',
  exposedBy: 'a restart, or a leader’s snapshot, while clients have sessions',
  workload: 'sessions',
  args: [
    '--nemesis',
    'kill',
    '--nemesis-every',
    '100',
    '--world',
    'snapshot=20,trailing=0,segment=4',
  ],
  citations: [
    'atomix #1101 https://github.com/atomix/atomix/pull/1101',
    'redisraft #568 https://github.com/RedisLabs/redisraft/pull/568',
  ],
  rows: ['B56'],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/kv/state-machine.ts',
      find: '(head, this.#snapshots, [this.#keyspace, this.#sessions]);',
      replace: '({ ...head, sessionCount: 0 }, this.#snapshots, [this.#keyspace]);',
    },
    {
      file: 'server/kv/snapshot-sink.ts',
      find: `    if (found.some((number, place) => number !== written[place])) {`,
      replace: `    if (found.length !== written.length) {`,
    },
  ],
};
