/** A new leader throws away what its predecessor left uncommitted. */
import type { Bug } from '../bug.ts';

export const leaderTruncates: Bug = {
  id: 'leader-truncates',
  title: 'a leader shortens its own log',
  mechanism:
    'Whoever is elected begins cleanly: entries that it does not know to be committed are ' +
    'removed before its own first one. Some of them were committed, and acknowledged, by its ' +
    'predecessor.',
  exposedBy: 'any change of leader under load',
  workload: 'cas-register',
  args: ['--nemesis', 'kill'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /leader append-only/ }],
  edits: [
    {
      file: 'server/raft/role.ts',
      find: `  core.progress = new Map();
  followMembers(core);`,
      replace: `  core.progress = new Map();
  if (core.log.lastIndex > core.commitIndex) {
    core.log.truncateFrom(core.commitIndex + 1);
    core.durability.truncateFrom(core.commitIndex + 1);
  }
  followMembers(core);`,
    },
  ],
};
