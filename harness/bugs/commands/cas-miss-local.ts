/** A node refuses a compare-and-set from its own memory. */
import type { Bug } from '../bug.ts';

export const casMissLocal: Bug = {
  id: 'cas-miss-local',
  title: 'compare-and-sets that miss are not replicated',
  mechanism:
    'A compare-and-set that would change nothing spares itself the way through the log: the ' +
    'node that gets it answers from what it has applied itself.',
  exposedBy: 'a node that lags behind or is cut off: what it says that it saw is long replaced',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  citations: ['[Raft §8]: answered from a state that nobody has confirmed'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'set' && command.condition.type === 'equals') {
      const seen = this.readStale({ type: 'get', key: command.key });
      const value = seen.type === 'bulk' ? seen.value : null;
      if (value !== null && Buffer.compare(value, command.condition.value) !== 0) {
        reply(command.get ? seen : { type: 'bulk', value: null });
        return;
      }
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
