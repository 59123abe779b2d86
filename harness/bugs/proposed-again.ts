/** A node proposes a write again whose outcome it does not know. */
import type { Bug } from './bug.ts';

export const proposedAgain: Bug = {
  id: 'proposed-again',
  title: 'writes of unknown outcome are proposed again',
  mechanism:
    'A leader that was deposed does not say UNCERTAIN to a client, but proposes the command ' +
    'once more. It may take effect twice; or the new proposal is refused for good although ' +
    'the old one is in the log.',
  exposedBy: 'a leader that is cut off while its last entries are with some followers already',
  workload: 'kv',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: `      this.#proposals.offer(id, reply);
      return { id, data };`,
      replace: `      this.#proposals.offer(id, (given) => {
        const isUnknown = given.type === 'error' && given.code === 'UNCERTAIN';
        if (isUnknown && this.#queuedProposals.add(data, reply)) this.#scheduleFlush();
        else reply(given);
      });
      return { id, data };`,
    },
  ],
};
