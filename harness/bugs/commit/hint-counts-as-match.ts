/** Where a leader goes back to counts as confirmed. */
import type { Bug } from '../bug.ts';

export const hintCountsAsMatch: Bug = {
  id: 'hint-counts-as-match',
  title: 'a refusal is taken for a confirmation of what lies before',
  mechanism:
    'A follower that refuses says where the logs may still agree. The leader takes that place, ' +
    'which it has still to try, for the follower’s match index, and counts it.',
  exposedBy: 'a deposed leader with entries that nobody else has, and an election later',
  workload: 'list-append',
  args: ['--nemesis-schedule', 'tails'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /match index|quorum|log matching/ }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  progress.maybeBacktrack(agreed + 1);',
      replace: `  const goesBack = progress.maybeBacktrack(agreed + 1);
  if (goesBack && progress.maybeMatch(agreed)) maybeAdvanceCommitIndex(core);`,
    },
  ],
};
