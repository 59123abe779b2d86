/** Planted bugs of the family `membership`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';

export const membership: readonly Bug[] = [];
