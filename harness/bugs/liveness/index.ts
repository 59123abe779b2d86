/** Planted bugs of the family `liveness`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { laggardSilent } from './laggard-silent.ts';
import { lostReadRequest } from './lost-read-request.ts';
import { noPrevote } from './no-prevote.ts';
import { quorumOfAll } from './quorum-of-all.ts';

export const liveness: readonly Bug[] = [noPrevote, laggardSilent, quorumOfAll, lostReadRequest];
