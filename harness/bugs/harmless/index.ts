/** No-op mutants: edits of code that matters, which alter nothing that anybody was promised. */
import type { Bug } from '../bug.ts';
import { entriesAppliedSingly } from './entries-applied-singly.ts';
import { heartbeatsEachTick } from './heartbeats-each-tick.ts';
import { quorumRewritten } from './quorum-rewritten.ts';
import { recordsNotGrouped } from './records-not-grouped.ts';
import { windowOfOne } from './window-of-one.ts';
import { writesQueuedFirst } from './writes-queued-first.ts';

export const harmless: readonly Bug[] = [
  quorumRewritten,
  heartbeatsEachTick,
  entriesAppliedSingly,
  writesQueuedFirst,
  windowOfOne,
  recordsNotGrouped,
];
