/** To have heard of a candidacy counts as a vote for it. */
import type { Bug } from '../bug.ts';

export const voteSeenIsGranted: Bug = {
  id: 'vote-seen-is-granted',
  title: 'a candidate that was only heard is voted for',
  mechanism:
    'A server notes the term and the candidate of every request of a later term, whatever the ' +
    'candidate’s log. What it has noted it takes for its vote when it answers. There is no ' +
    'pre-vote.',
  exposedBy: 'a node that lags behind and stands first after the leader is gone',
  workload: 'cas-register',
  args: ['--nemesis', 'partition', '--nemesis-every', '100'],
  citations: ['databend #16175 https://github.com/databendlabs/databend/pull/16175'],
  rows: ['B03'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /leader completeness/ }],
  edits: [
    {
      file: 'server/raft/election.ts',
      find: `  becomePreCandidate(core);
  if (maybeWinPreVote(core)) return;
  broadcastRequestVote(core, true);`,
      replace: '  campaign(core, false);',
    },
    {
      file: 'server/raft/election.ts',
      find: `  maybeAdoptTerm(core, message.term);
  const voteGranted =
    message.term === core.currentTerm &&
    (core.votedFor === null || core.votedFor === message.candidateId) &&
    isUpToDate(core, message);`,
      replace: `  if (maybeAdoptTerm(core, message.term)) core.votedFor = message.candidateId;
  const voteGranted =
    message.term === core.currentTerm &&
    (core.votedFor === message.candidateId ||
      (core.votedFor === null && isUpToDate(core, message)));`,
    },
  ],
};
