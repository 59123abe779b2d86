/** What a follower has under an index it keeps. */
import type { Bug } from '../bug.ts';

export const conflictKept: Bug = {
  id: 'conflict-kept',
  title: 'an entry of a deposed leader stays in the place of the new one’s',
  mechanism:
    'A follower passes over the entries whose indexes it has already, and does not compare their ' +
    'terms. What an earlier leader has left there stays, and is confirmed.',
  exposedBy: 'a leader that is isolated with unacknowledged writes, and returns',
  workload: 'list-append',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /quorum|safety|log matching/ }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: '  const firstNew = entries.findIndex((entry) => !core.log.holds(entry));',
      replace: '  const firstNew = entries.findIndex(({ index }) => index > core.log.lastIndex);',
    },
  ],
};
