/** All voters are needed, and not a majority of them. */
import type { Bug } from '../bug.ts';

export const quorumOfAll: Bug = {
  id: 'quorum-of-all',
  title: 'a majority that could serve does not',
  mechanism:
    'A quorum is every voter. The cluster is safe, and nobody is elected or commits anything ' +
    'while a single node is away.',
  exposedBy: 'one node that is killed or cut off',
  workload: 'cas-register',
  args: ['--nemesis-every', '300', '--availability', '0.6', '--time-limit', '10'],
  citations: ['[Raft §5.2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'stability', says: /had a leader for/ }, { checker: 'availability' }],
  edits: [
    {
      file: 'server/raft/quorum.ts',
      find: '  return Math.floor(voterCount / 2) + 1;',
      replace: '  return voterCount;',
    },
  ],
};
