/** Planted bugs of the family `commit`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { ackBeforeQuorum } from './ack-before-quorum.ts';
import { applyBeforeCommit } from './apply-before-commit.ts';
import { heartbeatCommitsTail } from './heartbeat-commits-tail.ts';

export const commit: readonly Bug[] = [ackBeforeQuorum, applyBeforeCommit, heartbeatCommitsTail];
