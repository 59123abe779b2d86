/** A broken assertion is logged, and the node goes on. */
import type { Bug } from '../bug.ts';

export const assertionSurvived: Bug = {
  id: 'assertion-survived',
  title: 'a failed assertion that the node survives',
  mechanism:
    'An exception within a step is caught, written to the log as fatal, and forgotten. One ' +
    'such assertion is wrong: it says that a server which does not lead has nobody that ' +
    'waits for an entry.',
  exposedBy: 'a leader that is isolated with writes in flight: only its log tells of it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  citations: [
    'compare redisraft #48 https://github.com/RedisLabs/redisraft/issues/48: what a node asserts',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'logs' }],
  edits: [
    {
      file: 'server/raft-driver.ts',
      find: `    if (this.#ended) return;
    this.end();
    this.#host.log`,
      replace: `    if (this.#ended) return;
    if (error.name !== 'InvariantError') this.end();
    this.#host.log`,
    },
    {
      file: 'server/raft-driver.ts',
      find: '    this.#events.failed(error);',
      replace: '    if (this.#ended) this.#events.failed(error);',
    },
    {
      file: 'server/node.ts',
      find: `    this.#lostTicks += 1;
    if`,
      replace: `    this.#lostTicks += 1;
    if (role !== 'leader' && this.#lostTicks === 1) {
      const broken = new Error(\`nobody waits for who does not lead: oldestTerm=\${oldestTerm}\`);
      broken.name = 'InvariantError';
      throw broken;
    }
    if`,
    },
  ],
};
