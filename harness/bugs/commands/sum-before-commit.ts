/** The answer of INCRBY is computed when the command arrives. */
import type { Bug } from '../bug.ts';

export const sumBeforeCommit: Bug = {
  id: 'sum-before-commit',
  title: 'two clients get the same number from a counter',
  mechanism:
    'The leader adds when the command arrives, and answers that sum when its entry is ' +
    'applied. What was added in between is in the counter, but not in the answer.',
  exposedBy: 'two clients that add at the same time; no fault is needed',
  workload: 'fetch-and-add',
  args: [],
  citations: ['[Raft §8]: answered before the command is committed'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'increment') {
      const { key, by } = command;
      const seen = this.#driver.applier.stateMachine.read({ type: 'get', key });
      const text = seen.type === 'bulk' ? (seen.value ?? '0') : '0';
      const value = Number(Buffer.from(text).toString('latin1')) + Number(by);
      const answer = reply;
      reply = (given) => answer(given.type === 'integer' ? { type: 'integer', value } : given);
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
