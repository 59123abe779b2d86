/** Planted bugs of the family `storage`, in the order of the scorecard. */
import type { Bug } from '../bug.ts';
import { checksumUnchecked } from './checksum-unchecked.ts';
import { damageCutOff } from './damage-cut-off.ts';
import { durableByIndex } from './durable-by-index.ts';
import { firstRecordUnsynced } from './first-record-unsynced.ts';
import { followerAckUnwritten } from './follower-ack-unwritten.ts';
import { hardStateUnsynced } from './hard-state-unsynced.ts';
import { lazyLog } from './lazy-log.ts';
import { leaderCountsUnsaved } from './leader-counts-unsaved.ts';
import { noFsync } from './no-fsync.ts';
import { repairUnsynced } from './repair-unsynced.ts';
import { segmentNameUnsynced } from './segment-name-unsynced.ts';
import { shortLogVotes } from './short-log-votes.ts';
import { singleNodeAck } from './single-node-ack.ts';
import { snapshotInPlace } from './snapshot-in-place.ts';
import { syncRetried } from './sync-retried.ts';
import { tornTailFatal } from './torn-tail-fatal.ts';
import { truncationNotSaved } from './truncation-not-saved.ts';

export const storage: readonly Bug[] = [
  lazyLog,
  noFsync,
  followerAckUnwritten,
  leaderCountsUnsaved,
  singleNodeAck,
  hardStateUnsynced,
  durableByIndex,
  truncationNotSaved,
  segmentNameUnsynced,
  firstRecordUnsynced,
  repairUnsynced,
  tornTailFatal,
  damageCutOff,
  shortLogVotes,
  checksumUnchecked,
  syncRetried,
  snapshotInPlace,
];
