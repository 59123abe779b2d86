/**
 * When a queue was certainly not empty.
 *
 * An element is certainly in it from the return of its enqueue to the invocation of its dequeue.
 * Where such spans overlap without a gap the queue was never empty, and an empty answer must
 * find a moment between two such stretches.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { QueueElements } from './queue-elements.ts';

/** Stretches of time, none touching the next. */
export interface Presence {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** `byEnqueueReturn` are those elements that count, sorted by the return of their enqueue. */
export function findPresence(elements: QueueElements, byEnqueueReturn: Int32Array): Presence {
  const starts = new Int32Array(byEnqueueReturn.length);
  const ends = new Int32Array(byEnqueueReturn.length);
  let size = 0;
  for (const element of byEnqueueReturn) {
    const start = elements.enqueueReturn[element] ?? 0;
    const end = elements.dequeueCall[element] ?? 0;
    if (start >= end) continue;
    const last = ends[size - 1] ?? -1;
    if (size > 0 && start < last) {
      ends[size - 1] = Math.max(last, end);
      continue;
    }
    starts[size] = start;
    ends[size] = end;
    size += 1;
  }
  return { starts: starts.subarray(0, size), ends: ends.subarray(0, size) };
}

/**
 * For each empty answer the earliest position right after which the queue may be empty during
 * it; or the row of one for which there is none. Positions never decrease.
 */
export function placeEmpties(
  columns: Columns,
  empties: Int32Array,
  { starts, ends }: Presence,
): { readonly positions: Int32Array; readonly impossible: number } {
  const positions = new Int32Array(empties.length);
  let at = -1;
  for (let turn = 0; turn < empties.length; turn += 1) {
    const row = empties[turn] ?? 0;
    const call = columns.call[row] ?? 0;
    while (at + 1 < starts.length && (starts[at + 1] ?? 0) < call) at += 1;
    const end = at < 0 ? -1 : (ends[at] ?? 0);
    positions[turn] = Math.max(call, end);
    if (end === neverReturned || end > (columns.return[row] ?? 0)) {
      return { positions, impossible: row };
    }
  }
  return { positions, impossible: -1 };
}

/** Elements, as few as possible, of which one was certainly in the queue all during that row. */
export function coverOf(
  columns: Columns,
  elements: QueueElements,
  { row, byEnqueueReturn }: { readonly row: number; readonly byEnqueueReturn: Int32Array },
): number[] {
  const cover: number[] = [];
  let reached = columns.call[row] ?? 0;
  let best = -1;
  let bestEnd = -1;
  let at = 0;
  while (reached < (columns.return[row] ?? 0)) {
    for (; at < byEnqueueReturn.length; at += 1) {
      const element = byEnqueueReturn[at] ?? 0;
      if ((elements.enqueueReturn[element] ?? 0) >= reached) break;
      const end = elements.dequeueCall[element] ?? 0;
      if (end <= bestEnd) continue;
      best = element;
      bestEnd = end;
    }
    if (bestEnd <= reached) throw new Error(`nothing covers row ${row} after ${reached}`);
    cover.push(best);
    reached = bestEnd;
  }
  return cover;
}
