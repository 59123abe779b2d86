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
  /** The row of an entry. */
  readonly row: Int32Array;
  readonly #previous: Int32Array;
  readonly #isReturn: Uint8Array;
  readonly #callEntry: Int32Array;
  readonly #returnEntry: Int32Array;

  /** Open operations are not in the list. */
  constructor(columns: Columns) {
    const rows = completedRows(columns);
    const size = 2 * rows.length + 2;
    this.end = size - 1;
    this.next = new Int32Array(size);
    this.row = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#isReturn = new Uint8Array(size);
    this.#callEntry = new Int32Array(columns.count);
    this.#returnEntry = new Int32Array(columns.count);
    const keys = new Float64Array(2 * rows.length);
    rows.forEach((row, at) => {
      // At one position an invocation stands before a return: the two are concurrent.
      keys[2 * at] = 2 * (columns.call[row] ?? 0);
      keys[2 * at + 1] = 2 * (columns.return[row] ?? 0) + 1;
    });
    let entry = 0;
    for (const event of rowsSortedBy(keys)) {
      entry += 1;
      const row = rows[event >> 1] ?? 0;
      const isReturn = event % 2 === 1;
      this.row[entry] = row;
      this.#isReturn[entry] = isReturn ? 1 : 0;
      (isReturn ? this.#returnEntry : this.#callEntry)[row] = entry;
    }
    for (entry = 0; entry < size; entry += 1) {
      this.next[entry] = Math.min(entry + 1, this.end);
      this.#previous[entry] = Math.max(entry - 1, 0);
    }
  }

  get byteLength(): number {
    const perEntry = 13;
    return this.next.length * perEntry + this.#callEntry.byteLength * 2;
  }

  /** The entry of the earliest event, or `end`. */
  get first(): number {
    return this.next[0] ?? this.end;
  }

  isReturn(entry: number): boolean {
    return this.#isReturn[entry] === 1;
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

  /** Gives each completed row a number that no other open one has; few, whatever the length. */
  assignSlots(): { readonly slot: Int32Array; readonly slotCount: number } {
    const slot = new Int32Array(this.#callEntry.length).fill(-1);
    const free: number[] = [];
    let slotCount = 0;
    for (let entry = this.first; entry !== this.end; entry = this.next[entry] ?? this.end) {
      const row = this.row[entry] ?? 0;
      if (this.isReturn(entry)) {
        free.push(slot[row] ?? 0);
        continue;
      }
      slot[row] = free.pop() ?? slotCount;
      slotCount = Math.max(slotCount, (slot[row] ?? 0) + 1);
    }
    return { slot, slotCount };
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

function completedRows({ count, return: returned }: Columns): Int32Array {
  const rows = new Int32Array(count);
  let size = 0;
  for (let row = 0; row < count; row += 1) {
    if (returned[row] === neverReturned) continue;
    rows[size] = row;
    size += 1;
  }
  return rows.subarray(0, size);
}
