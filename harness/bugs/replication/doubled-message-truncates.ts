/** A follower replaces whatever stands behind the new entries. */
import type { Bug } from '../bug.ts';

export const doubledMessageTruncates: Bug = {
  id: 'doubled-message-truncates',
  title: 'a doubled message shortens a log',
  mechanism:
    'A follower cuts its log before the entries of a message and appends them, whether or not it ' +
    'has them already. A message that comes late or twice takes away the entries that came after ' +
    'it, which the follower has confirmed.',
  exposedBy: 'a message that comes twice or late, and a leader that fails then',
  workload: 'list-append',
  args: ['--nemesis', 'kill:leader', '--nemesis-every', '50', '--world', 'duplicate=0.1'],
  citations: [
    'Students’ Guide to Raft https://thesquareplanet.com/blog/students-guide-to-raft/',
    '[Fig. 2]',
  ],
  rows: ['B14'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /leader completeness|quorum/ }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: '  const firstNew = entries.findIndex((entry) => !core.log.holds(entry));',
      replace: '  const firstNew = entries.findIndex(({ index }) => index > core.commitIndex);',
    },
  ],
};
