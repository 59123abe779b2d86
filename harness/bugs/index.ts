/** The registry of planted bugs, by the names that `--bug` takes. */
import { ackBeforeQuorum } from './ack-before-quorum.ts';
import type { Bug } from './bug.ts';
import { staleRead } from './stale-read.ts';

export const bugs: readonly Bug[] = [staleRead, ackBeforeQuorum];
