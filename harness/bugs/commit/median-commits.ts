/** The middle of the match indexes is taken for what a majority has. */
import type { Bug } from '../bug.ts';

export const medianCommits: Bug = {
  id: 'median-commits',
  title: 'half of the copies commit an entry',
  mechanism:
    'The commit index is the middle one of the match indexes in rising order. Of three or five a ' +
    'majority has got there; of four only two have.',
  exposedBy: 'an even number of voters, two of which are cut off or killed',
  workload: 'list-append',
  args: ['--nodes', '4', '--nemesis', 'partition', '--nemesis-every', '50'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /quorum/ }],
  edits: [
    {
      file: 'server/raft/quorum.ts',
      find: `  const descending = [...numbers].sort((a, b) => b - a);
  return descending[quorumSize(numbers.length) - 1] ?? 0;`,
      replace: `  const ascending = [...numbers].sort((a, b) => a - b);
  return ascending[Math.floor(numbers.length / 2)] ?? 0;`,
    },
  ],
};
