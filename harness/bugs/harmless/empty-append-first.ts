/** A leader says where it stands before it sends what the follower lacks. */
import type { Bug } from '../bug.ts';

export const emptyAppendFirst: Bug = {
  id: 'empty-append-first',
  title: 'an empty appendEntries ahead of each with entries',
  mechanism:
    'Each appendEntries with entries follows one without, which is a heartbeat that nobody has ' +
    'waited for. A follower may get one at any time.',
  exposedBy: 'nothing: nobody may report it',
  workload: 'cas-register',
  args: ['--nemesis', 'partition,kill'],
  citations: [],
  rows: [],
  needs: 'cluster',
  expect: [],
  edits: [
    {
      file: 'server/raft/sending.ts',
      find: `    sendAppendEntries(core, peer, progress, entries);`,
      replace: `    sendAppendEntries(core, peer, progress, []);
    sendAppendEntries(core, peer, progress, entries);`,
    },
  ],
};
