/** A late pre-vote counts as a vote. */
import type { Bug } from '../bug.ts';

export const preVoteCounts: Bug = {
  id: 'pre-vote-counts',
  title: 'a pre-vote that comes late elects',
  mechanism:
    'Pre-votes and votes are counted in one set, by the term that they are about. As soon as a ' +
    'majority has granted its pre-vote a server stands in that very term; the pre-votes of the ' +
    'others come then, and bind nobody, but elect it.',
  exposedBy: 'two servers that stand at the same time',
  workload: 'cas-register',
  args: [
    '--nemesis',
    'kill:leader',
    '--nemesis-every',
    '20',
    '--world',
    'election=8,tick=30,slow=0.3,slow-ms=300',
  ],
  citations: ['[Ongaro §9.6]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /elected|election safety/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `    if (core.role !== 'preCandidate' || message.term !== core.currentTerm + 1) return;
    core.votesGranted.add(from);
    maybeWinPreVote(core);
    return;`,
      replace: `    const stands = core.role === 'candidate';
    if (!stands && core.role !== 'preCandidate') return;
    if (message.term !== core.currentTerm + (stands ? 0 : 1)) return;
    core.votesGranted.add(from);
    if (stands) maybeWinElection(core);
    else maybeWinPreVote(core);
    return;`,
    },
  ],
};
