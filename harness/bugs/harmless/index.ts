/** Planted bugs of the family `harmless`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';

export const harmless: readonly Bug[] = [];
