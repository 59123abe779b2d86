/** Planted bugs of the family `reads`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { followerReadsOwn } from './follower-reads-own.ts';
import { leaseInTicks } from './lease-in-ticks.ts';
import { leaseSurvivesTransfer } from './lease-survives-transfer.ts';
import { noFirstEntry } from './no-first-entry.ts';
import { ownCommitIndex } from './own-commit-index.ts';
import { readBeforeApplied } from './read-before-applied.ts';
import { readBeforeOwnTerm } from './read-before-own-term.ts';
import { readIdReused } from './read-id-reused.ts';
import { readJoinsRound } from './read-joins-round.ts';
import { staleRead } from './stale-read.ts';

export const reads: readonly Bug[] = [
  staleRead,
  noFirstEntry,
  readBeforeOwnTerm,
  readIdReused,
  readJoinsRound,
  leaseInTicks,
  leaseSurvivesTransfer,
  followerReadsOwn,
  readBeforeApplied,
  ownCommitIndex,
];
