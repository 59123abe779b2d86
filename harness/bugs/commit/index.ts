/** Planted bugs of the family `commit`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { ackBeforeQuorum } from './ack-before-quorum.ts';
import { applyBeforeCommit } from './apply-before-commit.ts';
import { heartbeatCommitsTail } from './heartbeat-commits-tail.ts';
import { hintCountsAsMatch } from './hint-counts-as-match.ts';
import { medianCommits } from './median-commits.ts';
import { oldTermCommitted } from './old-term-committed.ts';
import { sentCountsAsHeld } from './sent-counts-as-held.ts';
import { tailConfirmed } from './tail-confirmed.ts';

export const commit: readonly Bug[] = [
  ackBeforeQuorum,
  applyBeforeCommit,
  heartbeatCommitsTail,
  oldTermCommitted,
  medianCommits,
  sentCountsAsHeld,
  hintCountsAsMatch,
  tailConfirmed,
];
