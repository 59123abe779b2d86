/**
 * The elements of a queue as typed columns: when each went in, and when it came out.
 *
 * Elements are sorted by the invocation of their enqueue. An open enqueue whose element nobody
 * took is left out: without it every answer stays the same.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { type QueueRows, queueKind } from './queue-rows.ts';

export interface QueueElements {
  readonly count: number;
  /** Rows; `dequeue` is -1 while nobody took the element. */
  readonly enqueue: Int32Array;
  readonly dequeue: Int32Array;
  /**
   * The two intervals, as narrow as they can be: an element comes out after it began to go in,
   * and is in before it is out. Without a dequeue the second one is never.
   */
  readonly enqueueCall: Int32Array;
  readonly enqueueReturn: Int32Array;
  readonly dequeueCall: Int32Array;
  readonly dequeueReturn: Int32Array;
  /** Rows of the dequeues that found nothing, and of the open ones. */
  readonly empties: Int32Array;
  readonly openDequeues: Int32Array;
}

export type ElementConflict =
  | { readonly type: 'unwritten'; readonly dequeue: number }
  | {
      readonly type: 'duplicate';
      readonly enqueue: number;
      readonly dequeues: readonly [number, number];
    }
  | { readonly type: 'future'; readonly enqueue: number; readonly dequeue: number };

export type ElementsResult =
  | { readonly type: 'elements'; readonly elements: QueueElements }
  | { readonly type: 'repeated' }
  | { readonly type: 'conflict'; readonly conflict: ElementConflict };

/** Joins each completed dequeue with the enqueue of what it took. */
export function createQueueElements(columns: Columns, rows: QueueRows): ElementsResult {
  const { count, call, return: returned } = columns;
  const { kind, element, elementCount } = rows;
  const enqueueOf = new Int32Array(elementCount).fill(-1);
  const copies = new Int32Array(elementCount);
  const dequeueOf = new Int32Array(elementCount).fill(-1);
  for (let row = 0; row < count; row += 1) {
    if (kind[row] !== queueKind.enqueue) continue;
    const number = element[row] ?? 0;
    enqueueOf[number] = row;
    copies[number] = (copies[number] ?? 0) + 1;
  }
  let isRepeated = false;
  const conflictOf = (conflict: ElementConflict): ElementsResult => ({
    type: 'conflict',
    conflict,
  });
  for (let row = 0; row < count; row += 1) {
    if (kind[row] !== queueKind.dequeue) continue;
    const number = element[row] ?? 0;
    const enqueue = enqueueOf[number] ?? -1;
    if (enqueue < 0) return conflictOf({ type: 'unwritten', dequeue: row });
    if ((copies[number] ?? 0) > 1) {
      isRepeated = true;
      continue;
    }
    const other = dequeueOf[number] ?? -1;
    if (other >= 0) return conflictOf({ type: 'duplicate', enqueue, dequeues: [other, row] });
    if ((returned[row] ?? 0) < (call[enqueue] ?? 0)) {
      return conflictOf({ type: 'future', enqueue, dequeue: row });
    }
    dequeueOf[number] = row;
  }
  if (isRepeated) return { type: 'repeated' };
  return { type: 'elements', elements: fillElements(columns, rows, dequeueOf) };
}

function fillElements(columns: Columns, rows: QueueRows, dequeueOf: Int32Array): QueueElements {
  const { call, return: returned } = columns;
  const enqueue = rowsWhere(rows, (kind, row) => {
    if (kind !== queueKind.enqueue) return false;
    return returned[row] !== neverReturned || (dequeueOf[rows.element[row] ?? 0] ?? -1) >= 0;
  });
  const count = enqueue.length;
  const dequeue = new Int32Array(count).fill(-1);
  const enqueueCall = new Int32Array(count);
  const enqueueReturn = new Int32Array(count);
  const dequeueCall = new Int32Array(count).fill(neverReturned);
  const dequeueReturn = new Int32Array(count).fill(neverReturned);
  for (let at = 0; at < count; at += 1) {
    const row = enqueue[at] ?? 0;
    const taker = dequeueOf[rows.element[row] ?? 0] ?? -1;
    enqueueCall[at] = call[row] ?? 0;
    enqueueReturn[at] = returned[row] ?? 0;
    if (taker < 0) continue;
    dequeue[at] = taker;
    const end = returned[taker] ?? 0;
    dequeueReturn[at] = end;
    dequeueCall[at] = Math.max(call[taker] ?? 0, call[row] ?? 0);
    enqueueReturn[at] = Math.min(returned[row] ?? 0, end);
  }
  return {
    count,
    enqueue,
    dequeue,
    enqueueCall,
    enqueueReturn,
    dequeueCall,
    dequeueReturn,
    empties: rowsWhere(rows, (kind) => kind === queueKind.empty),
    openDequeues: rowsWhere(rows, (kind) => kind === queueKind.openDequeue),
  };
}

function rowsWhere({ kind }: QueueRows, test: (kind: number, row: number) => boolean): Int32Array {
  let size = 0;
  const found = new Int32Array(kind.length);
  for (let row = 0; row < kind.length; row += 1) {
    if (!test(kind[row] ?? 0, row)) continue;
    found[size] = row;
    size += 1;
  }
  return found.slice(0, size);
}
