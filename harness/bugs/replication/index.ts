/** Planted bugs of the family `replication`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { leaderTruncates } from './leader-truncates.ts';
import { previousUnchecked } from './previous-unchecked.ts';
import { truncationRefused } from './truncation-refused.ts';

export const replication: readonly Bug[] = [previousUnchecked, leaderTruncates, truncationRefused];
