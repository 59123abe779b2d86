/** No-op mutants: edits of code that matters, which alter nothing that anybody was promised. */
import type { Bug } from '../bug.ts';
import { emptyAppendFirst } from './empty-append-first.ts';
import { entriesAppliedSingly } from './entries-applied-singly.ts';
import { heartbeatsEachTick } from './heartbeats-each-tick.ts';
import { quorumRewritten } from './quorum-rewritten.ts';
import { recordsNotGrouped } from './records-not-grouped.ts';
import { recordsSyncedTwice } from './records-synced-twice.ts';
import { snapshotsEarlier } from './snapshots-earlier.ts';
import { windowOfOne } from './window-of-one.ts';
import { writesQueuedFirst } from './writes-queued-first.ts';

/** The same in other words: they tell of the edits and the copy, hardly of a run. */
const rewritings: readonly Bug[] = [quorumRewritten, writesQueuedFirst];

/** Other messages, writes or moments, within what Raft permits: their runs go other ways. */
export const otherPaths: readonly Bug[] = [
  heartbeatsEachTick,
  emptyAppendFirst,
  windowOfOne,
  entriesAppliedSingly,
  recordsNotGrouped,
  recordsSyncedTwice,
  snapshotsEarlier,
];

export const harmless: readonly Bug[] = [...rewritings, ...otherPaths];
