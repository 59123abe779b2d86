/** Planted bugs of the family `votes`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { behindElected } from './behind-elected.ts';
import { deposedLeaderSends } from './deposed-leader-sends.ts';
import { halfElects } from './half-elects.ts';
import { heartbeatApart } from './heartbeat-apart.ts';
import { lengthBeforeTerm } from './length-before-term.ts';
import { oldVotesCounted } from './old-votes-counted.ts';
import { outsiderVotes } from './outsider-votes.ts';
import { ownVoteUnwritten } from './own-vote-unwritten.ts';
import { preVoteCounts } from './pre-vote-counts.ts';
import { staleCandidateElected } from './stale-candidate-elected.ts';
import { stepDownForgetsVote } from './step-down-forgets-vote.ts';
import { twoVotes } from './two-votes.ts';
import { voteAfterTerm } from './vote-after-term.ts';
import { voteBeforeDisk } from './vote-before-disk.ts';
import { voteForgotten } from './vote-forgotten.ts';
import { voteSeenIsGranted } from './vote-seen-is-granted.ts';

export const votes: readonly Bug[] = [
  ownVoteUnwritten,
  voteAfterTerm,
  voteForgotten,
  voteBeforeDisk,
  twoVotes,
  stepDownForgetsVote,
  voteSeenIsGranted,
  behindElected,
  lengthBeforeTerm,
  preVoteCounts,
  oldVotesCounted,
  staleCandidateElected,
  halfElects,
  outsiderVotes,
  deposedLeaderSends,
  heartbeatApart,
];
