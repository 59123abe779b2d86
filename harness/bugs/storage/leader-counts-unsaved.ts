/** The leader counts itself for what it has not saved. */
import type { Bug } from '../bug.ts';

export const leaderCountsUnsaved: Bug = {
  id: 'leader-counts-unsaved',
  title: 'a leader counts its own copy before it is on disk',
  mechanism:
    'The leader sends and saves in parallel, and counts itself for all that is in its log. With ' +
    'a minority of followers that makes a quorum, of which one copy is in memory alone.',
  exposedBy: 'a leader with a slow disk that crashes, and followers that lag',
  workload: 'grow-set',
  args: ['--nemesis', 'kill,disk-slow', '--nemesis-every', '100'],
  citations: ['[Ongaro §10.2.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '    voter === core.id ? core.durability.durableIndex : (',
      replace: '    voter === core.id ? core.log.lastIndex : (',
    },
  ],
};
