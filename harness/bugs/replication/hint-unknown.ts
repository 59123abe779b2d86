/** A leader does not go back where a follower names a term that it does not know. */
import type { Bug } from '../bug.ts';

export const hintUnknown: Bug = {
  id: 'hint-unknown',
  title: 'a follower is never brought into line',
  mechanism:
    'A leader looks for the term that the follower has named in its own log, and goes back ' +
    'to its ' +
    'last entry of it. When it has none it stays where it is, is refused again, and so on for ' +
    'ever.',
  exposedBy: 'a deposed leader with entries of a term that nobody else has any of',
  workload: 'list-append',
  args: ['--nemesis-schedule', 'tails', '--recovery-limit', '10'],
  citations: [
    'Students’ Guide to Raft https://thesquareplanet.com/blog/students-guide-to-raft/',
    '[Raft §5.3]',
  ],
  rows: [],
  needs: 'cluster',
  expect: [
    { checker: 'progress', says: /did not apply the change/ },
    { checker: 'recovery', says: /did not apply the change/, valid: 'unknown' },
  ],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: '  progress.maybeBacktrack(agreed + 1);',
      replace: `  const { log } = core;
  const isKnown = agreed < log.base.index || log.termAt(agreed) === conflictTerm;
  if (isKnown) progress.maybeBacktrack(agreed + 1);`,
    },
  ],
};
