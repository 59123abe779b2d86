/** Planted bugs of the family `liveness`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { jitterDrawnOnce } from './jitter-drawn-once.ts';
import { laggardSilent } from './laggard-silent.ts';
import { lostChunk } from './lost-chunk.ts';
import { lostReadRequest } from './lost-read-request.ts';
import { noCheckQuorum } from './no-check-quorum.ts';
import { noPrevote } from './no-prevote.ts';
import { quorumOfAll } from './quorum-of-all.ts';
import { transferForEver } from './transfer-for-ever.ts';

export const liveness: readonly Bug[] = [
  noPrevote,
  noCheckQuorum,
  jitterDrawnOnce,
  transferForEver,
  laggardSilent,
  lostChunk,
  quorumOfAll,
  lostReadRequest,
];
