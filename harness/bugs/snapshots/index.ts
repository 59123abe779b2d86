/** Planted bugs of the family `snapshots`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { appliedAgain } from './applied-again.ts';
import { setMemberDropped } from './set-member-dropped.ts';

export const snapshots: readonly Bug[] = [appliedAgain, setMemberDropped];
