/** The leader hands out numbers from a counter of its own. */
import type { Bug } from '../bug.ts';

export const idBeforeCommit: Bug = {
  id: 'id-before-commit',
  title: 'an id is given out twice',
  mechanism:
    'INCR is answered from a counter in the leader’s memory, as soon as the command has come ' +
    'and before anybody else has it. A leader that is cut off goes on, and its successor ' +
    'hands out the same.',
  exposedBy: 'a leader that is killed or isolated right after it has answered',
  workload: 'unique-ids',
  args: [],
  citations: ['[Raft §8]: answered before the command is committed'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable', kinds: ['duplicate-id'] }],
  edits: [
    {
      file: 'server/node.ts',
      find: '  #nextId = 1;',
      replace: `  #nextId = 1;
  readonly #sums = new Map<string, number>();`,
    },
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    const { role } = this.#driver.raft.status();
    if (command.type === 'increment' && role === 'leader') {
      const { key, by } = command;
      const seen = this.#driver.applier.stateMachine.read({ type: 'get', key });
      const text = seen.type === 'bulk' ? (seen.value ?? '0') : '0';
      const name = Buffer.from(key).toString('latin1');
      const last = Math.max(Number(Buffer.from(text)), this.#sums.get(name) ?? 0);
      const value = last + Number(by);
      this.#sums.set(name, value);
      const answer = reply;
      reply = () => undefined;
      answer({ type: 'integer', value });
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
