/**
 * Elements that must have come out although no completed dequeue took them.
 *
 * If an element was in before another one began to go in, and that other one came out, then so
 * had the first one by then; and if a dequeue found nothing, all that was in before it began was
 * out when it returned. Only open dequeues can have taken these elements. Each of those could
 * happen at any time after its invocation, so the k-th deadline needs the k-th invocation: no
 * other assignment does better.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import type { QueueElements } from './queue-elements.ts';

/** What proves that an element had come out: a later element that had, or an empty answer. */
export type DeadlineWitness =
  | { readonly type: 'element'; readonly element: number }
  | { readonly type: 'empty'; readonly row: number };

/** More elements had to come out than there were dequeues for. */
export interface NotTaken {
  readonly type: 'not-taken';
  readonly elements: readonly number[];
  readonly witnesses: readonly DeadlineWitness[];
  /** Rows of all open dequeues that were invoked before the last deadline. */
  readonly openDequeues: readonly number[];
}

/**
 * Gives open dequeues to the elements that need one, in place. Null when that worked.
 * `countEmpties` counts the deadlines of empty answers too.
 */
export function takeByDeadlines(
  columns: Columns,
  elements: QueueElements,
  countEmpties: boolean,
): NotTaken | null {
  const deadlines = new Deadlines(columns, elements, countEmpties);
  const needy: number[] = [];
  for (let at = 0; at < elements.count; at += 1) {
    if ((elements.dequeue[at] ?? 0) >= 0) continue;
    if (deadlines.of(at) !== neverReturned) needy.push(at);
  }
  const keys = Int32Array.from(needy, (at) => deadlines.of(at));
  const sorted = rowsSortedBy(keys);
  for (let turn = 0; turn < sorted.length; turn += 1) {
    const element = needy[sorted[turn] ?? 0] ?? 0;
    const row = elements.openDequeues[turn];
    if (row !== undefined && (columns.call[row] ?? 0) < deadlines.of(element)) continue;
    const unserved = [...sorted.subarray(0, turn + 1)].map((place) => needy[place] ?? 0);
    return {
      type: 'not-taken',
      elements: unserved,
      witnesses: deadlines.witnessesOf(unserved),
      openDequeues: [...elements.openDequeues.subarray(0, turn)],
    };
  }
  if (countEmpties || elements.empties.length === 0) assign(columns, elements, { needy, sorted });
  return null;
}

interface Assignment {
  readonly needy: readonly number[];
  /** Places in `needy`, the earliest deadline first. */
  readonly sorted: Uint32Array;
}

function assign(columns: Columns, elements: QueueElements, { needy, sorted }: Assignment): void {
  for (let turn = 0; turn < sorted.length; turn += 1) {
    const element = needy[sorted[turn] ?? 0] ?? 0;
    const row = elements.openDequeues[turn] ?? 0;
    elements.dequeue[element] = row;
    const began = elements.enqueueCall[element] ?? 0;
    elements.dequeueCall[element] = Math.max(columns.call[row] ?? 0, began);
  }
}

class Deadlines {
  readonly #columns: Columns;
  readonly #elements: QueueElements;
  /** Of the elements from there on the one that came out first, and of the empty answers. */
  readonly #firstOut: Int32Array;
  readonly #firstEmpty: Int32Array;
  readonly #emptyCalls: Int32Array;

  constructor(columns: Columns, elements: QueueElements, countEmpties: boolean) {
    this.#columns = columns;
    this.#elements = elements;
    const { dequeueReturn, count } = elements;
    this.#firstOut = new Int32Array(count + 1).fill(-1);
    for (let at = count - 1; at >= 0; at -= 1) {
      const best = this.#firstOut[at + 1] ?? -1;
      const isEarlier = best < 0 || (dequeueReturn[at] ?? 0) < (dequeueReturn[best] ?? 0);
      this.#firstOut[at] = isEarlier ? at : best;
    }
    const empties = countEmpties ? elements.empties : new Int32Array(0);
    this.#emptyCalls = empties.map((row) => columns.call[row] ?? 0);
    this.#firstEmpty = new Int32Array(empties.length + 1).fill(-1);
    for (let at = empties.length - 1; at >= 0; at -= 1) {
      const row = empties[at] ?? 0;
      const best = this.#firstEmpty[at + 1] ?? -1;
      const isEarlier = best < 0 || (columns.return[row] ?? 0) < (columns.return[best] ?? 0);
      this.#firstEmpty[at] = isEarlier ? row : best;
    }
  }

  /** When the element must have come out, `neverReturned` when it need not. */
  of(element: number): number {
    const [out, empty] = this.#candidates(element);
    return Math.min(this.#returnOfElement(out), this.#returnOfEmpty(empty));
  }

  /** As few as possible: the last one's witness serves all those for whom it is one. */
  witnessesOf(unserved: readonly number[]): DeadlineWitness[] {
    const last = unserved[unserved.length - 1] ?? 0;
    const shared = this.#witnessOf(last);
    const sharedCall =
      shared.type === 'element'
        ? (this.#elements.enqueueCall[shared.element] ?? 0)
        : (this.#columns.call[shared.row] ?? 0);
    const others = unserved
      .filter((element) => (this.#elements.enqueueReturn[element] ?? 0) > sharedCall)
      .map((element) => this.#witnessOf(element));
    return [shared, ...others];
  }

  #witnessOf(element: number): DeadlineWitness {
    const [out, empty] = this.#candidates(element);
    return this.#returnOfElement(out) < this.#returnOfEmpty(empty)
      ? { type: 'element', element: out }
      : { type: 'empty', row: empty };
  }

  #candidates(element: number): [out: number, empty: number] {
    const end = this.#elements.enqueueReturn[element] ?? 0;
    const out = this.#firstOut[countUpTo(this.#elements.enqueueCall, end)] ?? -1;
    const empty = this.#firstEmpty[countUpTo(this.#emptyCalls, end)] ?? -1;
    return [out, empty];
  }

  #returnOfElement(element: number): number {
    return element < 0 ? neverReturned : (this.#elements.dequeueReturn[element] ?? 0);
  }

  #returnOfEmpty(row: number): number {
    return row < 0 ? neverReturned : (this.#columns.return[row] ?? 0);
  }
}

/** How many of the sorted positions are not after that one. */
function countUpTo(sorted: Int32Array, position: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
