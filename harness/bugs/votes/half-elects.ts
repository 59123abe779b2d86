/** Half of the voters elect a leader. */
import type { Bug } from '../bug.ts';

export const halfElects: Bug = {
  id: 'half-elects',
  title: 'half of the voters are taken for a majority',
  mechanism:
    'A candidate wins with half of the votes, rounded up. That is a majority of three or ' +
    'five; of ' +
    'four it is two, and two others may elect another.',
  exposedBy: 'an even number of voters, and two candidates or two halves',
  workload: 'cas-register',
  args: ['--nodes', '4', '--nemesis', 'partition', '--nemesis-every', '50'],
  citations: ['[Raft §5.2]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /elected|election safety|leader completeness/ }],
  edits: [
    {
      file: 'server/raft/quorum.ts',
      find: '  return memberCount >= quorumSize(voterCount);',
      replace: '  return 2 * memberCount >= voterCount;',
    },
  ],
};
