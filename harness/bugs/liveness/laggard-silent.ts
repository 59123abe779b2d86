/** A follower that lacks entries does not say so. */
import type { Bug } from '../bug.ts';

export const laggardSilent: Bug = {
  id: 'laggard-silent',
  title: 'a node that was away never catches up',
  mechanism:
    'A follower whose log ends before the place that the leader means drops the message in ' +
    'place of refusing it. The leader waits for an answer, and the follower hears its ' +
    'heartbeats and waits too.',
  exposedBy: 'a node that is killed or cut off while the others go on',
  workload: 'cas-register',
  args: ['--nemesis', 'kill', '--recovery-limit', '5'],
  citations: ['[Raft §5.3]'],
  rows: [],
  needs: 'cluster',
  expect: [
    { checker: 'progress', says: /did not apply the change/ },
    { checker: 'recovery', says: /did not apply the change/, valid: 'unknown' },
  ],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (!core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {',
      replace: `  if (prevLogIndex > core.log.lastIndex) return;
  if (!core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {`,
    },
  ],
};
