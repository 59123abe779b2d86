/** A compare-and-set is checked when it arrives, and not when it is applied. */
import type { Bug } from '../bug.ts';

export const casAtPropose: Bug = {
  id: 'cas-at-propose',
  title: 'a lock is granted twice',
  mechanism:
    'The leader looks at the condition when the command arrives, and replicates a plain ' +
    'write when it holds. What is written between that and its turn in the log is ' +
    'overwritten.',
  exposedBy:
    'two clients that want a free lock at the same time; a holder from whom it is taken over',
  workload: 'lock',
  args: [],
  citations: ['[Raft §8]: decided on a state that is not yet that of its place in the log'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable', kinds: ['token-reuse', 'double-grant'] }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'set' && command.condition.type === 'equals') {
      const { key, get } = command;
      const seen = this.#driver.applier.stateMachine.read({ type: 'get', key });
      const wanted = command.condition.value;
      const value = seen.type === 'bulk' ? seen.value : null;
      if (value !== null && Buffer.compare(value, wanted) === 0) {
        const answer = reply;
        const held = get ? ({ type: 'bulk', value } as const) : ({ type: 'ok' } as const);
        reply = (given) => answer(given.type === 'error' ? given : held);
        command = { ...command, condition: { type: 'always' }, get: false };
      }
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
