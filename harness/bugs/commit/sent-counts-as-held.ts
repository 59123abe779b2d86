/** Whatever was sent counts as confirmed by the next answer. */
import type { Bug } from '../bug.ts';

export const sentCountsAsHeld: Bug = {
  id: 'sent-counts-as-held',
  title: 'an answer confirms what was sent after its question',
  mechanism:
    'On a success the leader takes the follower’s match index from where its own next index is ' +
    'now, and not from the message that is answered. Messages leave before the earlier ones are ' +
    'answered, so entries that are under way, or lost, count as copied.',
  exposedBy: 'messages that are lost, and a leader that fails then',
  workload: 'list-append',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  citations: [
    'Students’ Guide to Raft https://thesquareplanet.com/blog/students-guide-to-raft/',
    '[Raft §5.3]',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /match index|quorum/ }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  if (message.success) handleMatch(core, progress, message.matchIndex);',
      replace: '  if (message.success) handleMatch(core, progress, progress.nextIndex - 1);',
    },
  ],
};
