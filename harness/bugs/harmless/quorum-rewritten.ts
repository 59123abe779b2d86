/** A majority is counted in other words: no run differs. */
import type { Bug } from '../bug.ts';

export const quorumRewritten: Bug = {
  id: 'quorum-rewritten',
  title: 'the arithmetic of majorities is written otherwise',
  mechanism:
    'A majority is more than half, counted by doubling instead of halving; and what it has ' +
    'reached is found by going up from the lowest number instead of down from the highest.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/quorum.ts',
      find: `  return memberCount >= quorumSize(voterCount);`,
      replace: `  return 2 * memberCount > voterCount;`,
    },
    {
      file: 'server/raft/quorum.ts',
      find: `  const descending = [...numbers].sort((a, b) => b - a);
  return descending[quorumSize(numbers.length) - 1] ?? 0;`,
      replace: `  const ascending = [...numbers].sort((a, b) => a - b);
  return ascending[numbers.length - quorumSize(numbers.length)] ?? 0;`,
    },
  ],
};
