/** A majority of the others, and not of all. */
import type { Bug } from './bug.ts';

export const quorumBesideItself: Bug = {
  id: 'quorum-beside-itself',
  title: 'a majority that could serve does not',
  mechanism:
    'A quorum is counted as a majority beside oneself: four of five. The cluster is safe, ' +
    'and stands still whenever two nodes are away.',
  exposedBy: 'two of five nodes that are killed or cut off',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '200', '--availability', '0.6'],
  expect: [{ checker: 'availability' }],
  edits: [
    {
      file: 'server/raft/quorum.ts',
      find: '  return Math.floor(voterCount / 2) + 1;',
      replace: '  return Math.min(voterCount, Math.floor(voterCount / 2) + 2);',
    },
  ],
};
