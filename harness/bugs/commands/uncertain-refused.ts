/** A deposed leader refuses what may still happen. */
import type { Bug } from '../bug.ts';

export const uncertainRefused: Bug = {
  id: 'uncertain-refused',
  title: 'a refused write takes effect',
  mechanism:
    'A leader that is deposed tells the clients that wait that another node leads, as it ' +
    'would tell those that come now. Their commands are in its log and perhaps in others: the ' +
    'next leader may commit them.',
  exposedBy: 'a leader that loses its leadership with writes under way',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  citations: ['[Raft §8]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/node.ts',
      find: `    const text = 'leadership was lost after the command was proposed';
    const uncertain = createErrorReply('UNCERTAIN', text);`,
      replace: `    const uncertain = this.#refusal();`,
    },
    {
      file: 'server/node.ts',
      find: `    if (this.#lostTicks < 2 * this.#options.electionTicks) return;`,
      replace: `    if (role === 'leader') return;`,
    },
  ],
};
