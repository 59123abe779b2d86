/**
 * The calls and returns of completed operations as a doubly linked list. [WG93]
 *
 * To linearize an operation takes its two entries out, to go back puts them in again, in the
 * reverse order. What stands before the first return may come next. Entry 0 is the head.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';

export class EventList {
  /** Entry after an entry; the tail is `end`. */
  readonly next: Int32Array;
  readonly end: number;
  /** Twice the row of an entry, plus one for a return; in the order of time. */
  readonly event: Int32Array;
  readonly #previous: Int32Array;
  readonly #callEntry: Int32Array;
  readonly #returnEntry: Int32Array;

  /** Open operations are not in the list. */
  constructor(columns: Columns) {
    this.event = eventsInOrder(columns);
    const size = this.event.length;
    this.end = size - 1;
    this.next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#callEntry = new Int32Array(columns.count);
    this.#returnEntry = new Int32Array(columns.count);
    for (let entry = 1; entry < this.end; entry += 1) {
      const event = this.event[entry] ?? 0;
      (event % 2 === 1 ? this.#returnEntry : this.#callEntry)[event >> 1] = entry;
    }
    this.reset();
  }

  /** Bytes for that many rows, and while it is being made. */
  static bytesFor(rows: number): { readonly held: number; readonly building: number } {
    return { held: rows * 32, building: rows * 28 };
  }

  /** The entry of the earliest event, or `end`. */
  get first(): number {
    return this.next[0] ?? this.end;
  }

  /** Puts everything back. */
  reset(): void {
    for (let entry = 0; entry <= this.end; entry += 1) {
      this.next[entry] = Math.min(entry + 1, this.end);
      this.#previous[entry] = Math.max(entry - 1, 0);
    }
  }

  /** Takes an operation out; gives the entry that now stands after where its call was. */
  lift(row: number): number {
    const call = this.#callEntry[row] ?? 0;
    const before = this.#previous[call] ?? 0;
    this.#unlink(call);
    this.#unlink(this.#returnEntry[row] ?? 0);
    // Not the old successor of the call: that may be this operation's own return.
    return this.next[before] ?? this.end;
  }

  /** Puts back the operation that was lifted last. */
  unlift(row: number): void {
    this.#relink(this.#returnEntry[row] ?? 0);
    this.#relink(this.#callEntry[row] ?? 0);
  }

  #unlink(entry: number): void {
    const before = this.#previous[entry] ?? 0;
    const after = this.next[entry] ?? this.end;
    this.next[before] = after;
    this.#previous[after] = before;
  }

  #relink(entry: number): void {
    this.next[this.#previous[entry] ?? 0] = entry;
    this.#previous[this.next[entry] ?? this.end] = entry;
  }
}

/** With a place for the head and the tail. Rows are sorted by their calls already. */
function eventsInOrder(columns: Columns): Int32Array {
  const { count, call, return: returned } = columns;
  const byReturn = rowsSortedBy(returned);
  let completed = count;
  while (completed > 0 && returned[byReturn[completed - 1] ?? 0] === neverReturned) completed -= 1;
  const events = new Int32Array(2 * completed + 2);
  let entry = 1;
  let at = 0;
  for (let row = 0; row < count; row += 1) {
    if (returned[row] === neverReturned) continue;
    const position = call[row] ?? 0;
    // At one position an invocation stands before a return: the two are concurrent.
    for (; at < completed; at += 1) {
      const earlier = byReturn[at] ?? 0;
      if ((returned[earlier] ?? 0) >= position) break;
      events[entry] = 2 * earlier + 1;
      entry += 1;
    }
    events[entry] = 2 * row;
    entry += 1;
  }
  for (; at < completed; at += 1) {
    events[entry] = 2 * (byReturn[at] ?? 0) + 1;
    entry += 1;
  }
  return events;
}
