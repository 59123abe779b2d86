/** A follower confirms all of its log, and not what it was asked about. */
import type { Bug } from '../bug.ts';

export const tailConfirmed: Bug = {
  id: 'tail-confirmed',
  title: 'a follower confirms entries that its leader never sent',
  mechanism:
    'A success tells the leader where the follower’s log ends, and not how far this message has ' +
    'shown that the logs agree. A tail from an earlier term, which a heartbeat does not touch, ' +
    'counts as a copy of what the leader has there.',
  exposedBy: 'a deposed leader with a tail that hears a heartbeat before entries',
  workload: 'list-append',
  args: ['--nemesis', 'partition', '--nemesis-every', '50'],
  citations: [
    'Students’ Guide to Raft https://thesquareplanet.com/blog/students-guide-to-raft/',
    '[Raft §5.3]',
  ],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /match index|quorum|log matching/ }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: `  learnCommitIndex(core, Math.min(message.leaderCommit, matchIndex));
  answer(core, from, { success: true, matchIndex, readRound, replicationId });`,
      replace: `  learnCommitIndex(core, Math.min(message.leaderCommit, matchIndex));
  const { lastIndex } = core.log;
  answer(core, from, { success: true, matchIndex: lastIndex, readRound, replicationId });`,
    },
    {
      file: 'server/raft/replication.ts',
      find: '  if (message.success) handleMatch(core, progress, message.matchIndex);',
      replace: `  const matchIndex = Math.min(message.matchIndex, core.log.lastIndex);
  if (message.success) handleMatch(core, progress, matchIndex);`,
    },
  ],
};
