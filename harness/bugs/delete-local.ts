/** A node answers a delete itself when it has no such key. */
import type { Bug } from './bug.ts';

export const deleteLocal: Bug = {
  id: 'delete-local',
  title: 'a delete is lost',
  mechanism:
    'A delete of a key that is not there would change nothing, and spares itself the way ' +
    'through the log: the node that gets it looks in what it has applied itself, however old ' +
    'that is.',
  exposedBy: 'a node that lags behind or is cut off: it does not know the key yet',
  workload: 'kv',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'delete') {
      const found = this.readStale({ type: 'exists', keys: command.keys });
      if (found.type === 'integer' && found.value === 0) {
        reply(found);
        return;
      }
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
