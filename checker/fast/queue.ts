/**
 * A first-in-first-out queue of unique elements, decided without search: O(n log n).
 *
 * 1. Each dequeue is joined with the enqueue of its element; elements that came out and went in
 *    in opposite orders are looked for in one sweep. [LM25]
 * 2. What must have come out, though no completed dequeue has it, was taken by an open one.
 * 3. An empty answer needs a moment when nothing was certainly in the queue.
 *
 * Exact but for two cases that it leaves to the search: an element that was enqueued twice and
 * came out, and empty answers that only open dequeues could explain.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { FastInput, FastResult } from '../model.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { describeQueueConflict, type QueueConflict } from './queue-conflict.ts';
import { takeByDeadlines } from './queue-deadlines.ts';
import { createQueueElements, type QueueElements } from './queue-elements.ts';
import { orderQueue } from './queue-order.ts';
import { coverOf, findPresence, placeEmpties } from './queue-presence.ts';
import { createQueueRows } from './queue-rows.ts';

export function decideQueue(input: FastInput): FastResult {
  const { columns } = input;
  const created = createQueueElements(columns, createQueueRows(columns));
  if (created.type === 'repeated') {
    return { type: 'undecided', reason: 'an element that came out was enqueued more than once' };
  }
  const elements = created.type === 'elements' ? created.elements : null;
  const conflict = created.type === 'conflict' ? created.conflict : null;
  const invalid = (found: QueueConflict): FastResult => ({
    type: 'invalid',
    finding: describeQueueConflict({ input, elements, conflict: found }),
  });
  if (conflict !== null) return invalid(conflict);
  if (elements === null) throw new Error('neither elements nor a conflict');

  const byEnqueueReturn = Int32Array.from(rowsSortedBy(elements.enqueueReturn));
  const reordered = findReordered(elements, byEnqueueReturn);
  if (reordered !== null) return invalid(reordered);
  const notTaken = takeByDeadlines(columns, elements, false);
  if (notTaken !== null) return invalid(notTaken);
  const impossible = findImpossibleEmpty(columns, elements, byEnqueueReturn);
  if (impossible !== null) return invalid(impossible);
  if (elements.openDequeues.length > 0 && elements.empties.length > 0) {
    const stillThere = takeByDeadlines(columns, elements, true);
    if (stillThere !== null) return invalid(stillThere);
  }
  const presence = findPresence(elements, byEnqueueReturn);
  const placed = placeEmpties(columns, elements.empties, presence);
  if (placed.impossible >= 0) {
    const reason = 'only an open dequeue could have emptied the queue for an empty answer';
    return { type: 'undecided', reason };
  }
  return { type: 'valid', order: orderQueue(columns, elements, placed.positions) };
}

/** An element that was in before another began to go in, and began to come out after it was out. */
function findReordered(elements: QueueElements, byEnqueueReturn: Int32Array): QueueConflict | null {
  let at = 0;
  let late = -1;
  let lateCall = -1;
  for (let element = 0; element < elements.count; element += 1) {
    if ((elements.dequeue[element] ?? 0) < 0) continue;
    const began = elements.enqueueCall[element] ?? 0;
    for (; at < byEnqueueReturn.length; at += 1) {
      const earlier = byEnqueueReturn[at] ?? 0;
      if ((elements.enqueueReturn[earlier] ?? 0) > began) break;
      const out = elements.dequeueCall[earlier] ?? 0;
      // Those that nobody took have deadlines instead.
      if (out === neverReturned || out <= lateCall) continue;
      late = earlier;
      lateCall = out;
    }
    if ((elements.dequeueReturn[element] ?? 0) < lateCall) {
      return { type: 'reordered', earlier: late, later: element };
    }
  }
  return null;
}

/**
 * An empty answer while something was certainly there. With open dequeues only those elements
 * are certain that a completed one took.
 */
function findImpossibleEmpty(
  columns: Columns,
  elements: QueueElements,
  byEnqueueReturn: Int32Array,
): QueueConflict | null {
  const hasOpen = elements.openDequeues.length > 0;
  const certain = hasOpen
    ? byEnqueueReturn.filter((element) => (elements.dequeue[element] ?? 0) >= 0)
    : byEnqueueReturn;
  const presence = findPresence(elements, certain);
  const row = placeEmpties(columns, elements.empties, presence).impossible;
  if (row < 0) return null;
  const cover = coverOf(columns, elements, { row, byEnqueueReturn: certain });
  return { type: 'empty', row, cover };
}
