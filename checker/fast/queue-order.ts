/**
 * The order of a queue that has one: which element comes first, and then every operation.
 *
 * One element precedes another when its enqueue or its dequeue wholly precedes the other's. When
 * no two elements precede each other there is an order of all of them: both relations are
 * interval orders, so every cycle has a shorter one, down to two.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import type { QueueElements } from './queue-elements.ts';

/** Positions times four leave room for a moment between two of them, and for both its sides. */
const scale = 4;

/**
 * `moments[i]` is the position right after which the i-th empty answer found nothing; ascending.
 */
export function orderQueue(
  columns: Columns,
  elements: QueueElements,
  moments: Int32Array,
): Uint32Array {
  const spans = new Spans(elements, moments);
  const sequence = spans.sequence();
  const { empties, enqueue, dequeue } = elements;
  const size = sequence.length + spans.dequeuedCount + empties.length;
  const rows = new Uint32Array(size);
  const keys = new Float64Array(size);
  let to = 0;
  const put = (row: number, key: number): void => {
    rows[to] = row;
    keys[to] = key;
    to += 1;
  };
  // Each goes to the latest invocation up to it in the sequence: the earliest place there is.
  // At one place what goes in comes first, so enqueues are listed first.
  let latest = 0;
  for (const element of sequence) {
    latest = Math.max(latest, spans.enqueueCall[element] ?? 0);
    put(enqueue[element] ?? 0, latest);
  }
  empties.forEach((row, turn) => {
    put(row, momentKey(moments[turn] ?? 0));
  });
  latest = 0;
  for (let at = 0; at < spans.dequeuedCount; at += 1) {
    const element = sequence[at] ?? 0;
    latest = Math.max(latest, spans.dequeueCall[element] ?? 0);
    put(dequeue[element] ?? 0, latest);
  }
  if (to !== size) throw new Error(`${to} of ${size} rows of ${columns.count} placed`);
  return rowsSortedBy(keys).map((at) => rows[at] ?? 0);
}

function momentKey(position: number): number {
  return scale * position + 2;
}

/**
 * The intervals, cut at the moments when the queue was empty. What may come out before such a
 * moment lies wholly before it, all else wholly after it; that adds no cycle, since nothing
 * after it must precede anything before it.
 */
class Spans {
  readonly #elements: QueueElements;
  readonly dequeuedCount: number;
  readonly enqueueCall: Float64Array;
  readonly #enqueueReturn: Float64Array;
  readonly dequeueCall: Float64Array;
  readonly #dequeueReturn: Float64Array;

  constructor(elements: QueueElements, moments: Int32Array) {
    this.#elements = elements;
    const { count } = elements;
    this.enqueueCall = new Float64Array(count);
    this.#enqueueReturn = new Float64Array(count);
    this.dequeueCall = new Float64Array(count);
    this.#dequeueReturn = new Float64Array(count);
    let dequeuedCount = 0;
    for (let element = 0; element < count; element += 1) {
      const isDequeued = (elements.dequeue[element] ?? 0) >= 0;
      if (isDequeued) dequeuedCount += 1;
      const out = elements.dequeueCall[element] ?? 0;
      const passed = countBefore(moments, isDequeued ? out : neverReturned);
      const low = passed === 0 ? 0 : momentKey(moments[passed - 1] ?? 0) + 1;
      const next = moments[passed];
      const high = next === undefined ? scale * neverReturned : momentKey(next) - 1;
      this.enqueueCall[element] = Math.max(low, scale * (elements.enqueueCall[element] ?? 0));
      // It began to come out after the moments that are counted here.
      this.dequeueCall[element] = scale * out;
      const inEnd = scale * (elements.enqueueReturn[element] ?? 0);
      this.#enqueueReturn[element] = Math.min(high, inEnd);
      this.#dequeueReturn[element] = Math.min(high, scale * (elements.dequeueReturn[element] ?? 0));
    }
    this.dequeuedCount = dequeuedCount;
  }

  /** All elements, those that came out first. */
  sequence(): Int32Array {
    const { count, dequeue } = this.#elements;
    const sequence = new Int32Array(count);
    this.#sortDequeued(sequence);
    let size = this.dequeuedCount;
    for (let element = 0; element < count; element += 1) {
      if ((dequeue[element] ?? 0) >= 0) continue;
      sequence[size] = element;
      size += 1;
    }
    return sequence;
  }

  /**
   * Takes one element after the other that no other one still precedes: its enqueue began before
   * the first return of those that are left, and so did its dequeue.
   */
  #sortDequeued(sequence: Int32Array): void {
    const dequeued = this.#dequeued();
    const sides = [
      new Side(dequeued, this.enqueueCall, this.#enqueueReturn),
      new Side(dequeued, this.dequeueCall, this.#dequeueReturn),
    ];
    const taken = new Uint8Array(this.#elements.count);
    const free = new Uint8Array(this.#elements.count);
    // A stack of those that may come next.
    const ready = new Int32Array(dequeued.length);
    let readyCount = 0;
    let size = 0;
    do {
      for (const side of sides) {
        for (let next = side.admit(taken); next >= 0; next = side.admit(taken)) {
          free[next] = (free[next] ?? 0) + 1;
          if (free[next] !== 2) continue;
          ready[readyCount] = next;
          readyCount += 1;
        }
      }
      if (readyCount === 0) break;
      readyCount -= 1;
      const element = ready[readyCount] ?? 0;
      taken[element] = 1;
      sequence[size] = element;
      size += 1;
    } while (size < dequeued.length);
    if (size < dequeued.length) {
      throw new Error(`elements without a pair in conflict have no order after ${size}`);
    }
  }

  #dequeued(): Int32Array {
    const found = new Int32Array(this.dequeuedCount);
    let size = 0;
    for (let element = 0; element < this.#elements.count; element += 1) {
      if ((this.#elements.dequeue[element] ?? 0) < 0) continue;
      found[size] = element;
      size += 1;
    }
    return found;
  }
}

/** One of the two intervals of all elements, sorted by both ends. */
class Side {
  readonly #call: Float64Array;
  readonly #return: Float64Array;
  readonly #byCall: Int32Array;
  readonly #byReturn: Int32Array;
  #admitted = 0;
  #first = 0;

  constructor(dequeued: Int32Array, call: Float64Array, returned: Float64Array) {
    this.#call = call;
    this.#return = returned;
    this.#byCall = sortElements(dequeued, call);
    this.#byReturn = sortElements(dequeued, returned);
  }

  /** The next element that nothing left precedes on this side, -1 when there is none now. */
  admit(taken: Uint8Array): number {
    while (this.#first < this.#byReturn.length && taken[this.#byReturn[this.#first] ?? 0] === 1) {
      this.#first += 1;
    }
    const next = this.#byCall[this.#admitted];
    const first = this.#byReturn[this.#first];
    if (next === undefined || first === undefined) return -1;
    if ((this.#call[next] ?? 0) > (this.#return[first] ?? 0)) return -1;
    this.#admitted += 1;
    return next;
  }
}

function sortElements(elements: Int32Array, keys: Float64Array): Int32Array {
  const own = new Float64Array(elements.length);
  for (let at = 0; at < own.length; at += 1) own[at] = keys[elements[at] ?? 0] ?? 0;
  return Int32Array.from(rowsSortedBy(own), (at) => elements[at] ?? 0);
}

/** How many of the ascending moments lie before that position. */
function countBefore(moments: Int32Array, position: number): number {
  let low = 0;
  let high = moments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((moments[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
