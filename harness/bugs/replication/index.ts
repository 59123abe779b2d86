/** Planted bugs of the family `replication`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { conflictKept } from './conflict-kept.ts';
import { doubledMessageTruncates } from './doubled-message-truncates.ts';
import { firstEntriesAgain } from './first-entries-again.ts';
import { hintUnknown } from './hint-unknown.ts';
import { leaderTruncates } from './leader-truncates.ts';
import { oldLeaderCatchesUp } from './old-leader-catches-up.ts';
import { oldSessionCounts } from './old-session-counts.ts';
import { oversizeSkipped } from './oversize-skipped.ts';
import { previousUnchecked } from './previous-unchecked.ts';
import { tailTermAdopted } from './tail-term-adopted.ts';
import { truncationRefused } from './truncation-refused.ts';

export const replication: readonly Bug[] = [
  previousUnchecked,
  leaderTruncates,
  truncationRefused,
  conflictKept,
  oldLeaderCatchesUp,
  doubledMessageTruncates,
  firstEntriesAgain,
  oversizeSkipped,
  tailTermAdopted,
  oldSessionCounts,
  hintUnknown,
];
