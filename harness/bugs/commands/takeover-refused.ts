/** A compare-and-set is taken for no change when the values begin alike. */
import type { Bug } from '../bug.ts';

export const takeoverRefused: Bug = {
  id: 'takeover-refused',
  title: 'a lock is never taken over from its holder',
  mechanism:
    'A compare-and-set whose new value begins with the same letter as the old one is taken for ' +
    'one that changes nothing, and refused. A lock that is held cannot become one that is held ' +
    'by another.',
  exposedBy: 'anybody who wants a lock that is held; no fault is needed',
  workload: 'lock',
  args: ['--recovery-limit', '5'],
  citations: ['[Raft §8]: a command that is never executed'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'fencing', says: /no holder was taken over/, valid: 'unknown' }],
  edits: [
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'set' && command.condition.type === 'equals') {
      if (command.value[0] === command.condition.value[0]) {
        reply({ type: 'bulk', value: null });
        return;
      }
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
