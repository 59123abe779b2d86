/** Planted bugs of the family `storage`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { lazyLog } from './lazy-log.ts';
import { noFsync } from './no-fsync.ts';

export const storage: readonly Bug[] = [lazyLog, noFsync];
