/** The leader hands out the first element before the removal is committed. */
import type { Bug } from '../bug.ts';

export const popBeforeCommit: Bug = {
  id: 'pop-before-commit',
  title: 'a queue hands an element out twice',
  mechanism:
    'LPOP is answered with the element that is first when the command arrives, while its ' +
    'removal is still on its way through the log. Whoever asks meanwhile gets the same one.',
  exposedBy: 'two clients that take from one queue at the same time; no fault is needed',
  workload: 'queue',
  args: [],
  citations: ['[Raft §8]: answered before the command is committed'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }, { checker: 'total-queue' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    const { raft, applier } = this.#driver;
    if (command.type === 'listPop' && raft.status().role === 'leader') {
      const { key } = command;
      const seen = applier.stateMachine.read({ type: 'listRange', key, start: 0, stop: 0 });
      const value = seen.type === 'array' ? seen.items[0] : undefined;
      if (value !== undefined) {
        const answer = reply;
        reply = () => undefined;
        answer({ type: 'bulk', value });
      }
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
