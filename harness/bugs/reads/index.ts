/** Planted bugs of the family `reads`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { staleRead } from './stale-read.ts';

export const reads: readonly Bug[] = [staleRead];
