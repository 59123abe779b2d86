/**
 * A mutex, decided exactly and without search, whoever acquires and releases: O(n log n).
 *
 * free and held take turns, so the next mutation is always an acquire, or always a release.
 *
 * - Which of the acquires that may come next: the one that returns first. If an order takes x
 *   here and y, which returned no later, further on, the two can change places: whatever x must
 *   precede y must precede too, and that already lies behind y. So the open ones come last.
 * - A refused operation only looks: it goes as soon as it may and the lock is as it saw it.
 *
 * Nothing is left to choose. When nothing fits there is no order at all. [WG93]
 */
import { type Columns, neverReturned } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { RowHeap } from './mutex-heap.ts';
import { mutexKind } from './mutex-rows.ts';

export interface MutexRun {
  /** The rows that were placed. Acquires and releases take turns. */
  readonly order: Uint32Array;
  /** The row that had to come next and could not, -1 when all are placed. */
  readonly stuck: number;
  /** Whether the lock was held at the end. */
  readonly held: boolean;
}

/** Places rows one after the other until all that completed are placed, or none fits. */
export function runMutex(columns: Columns, kinds: Uint8Array): MutexRun {
  return new MutexRunner(columns, kinds).run();
}

class MutexRunner {
  readonly #columns: Columns;
  readonly #kinds: Uint8Array;
  readonly #byReturn: Uint32Array;
  readonly #isPlaced: Uint8Array;
  readonly #order: Uint32Array;
  /** What may come next, by kind: completed mutations, open ones, and those that only look. */
  readonly #completed: readonly RowHeap[];
  readonly #open: readonly number[][] = [[], []];
  readonly #looking: readonly number[][] = [[], [], [], []];
  #size = 0;
  #held = false;
  #admitted = 0;
  #returned = 0;

  constructor(columns: Columns, kinds: Uint8Array) {
    this.#columns = columns;
    this.#kinds = kinds;
    this.#byReturn = rowsSortedBy(columns.return);
    this.#isPlaced = new Uint8Array(columns.count);
    this.#order = new Uint32Array(columns.count);
    this.#completed = [new RowHeap(columns.return), new RowHeap(columns.return)];
  }

  run(): MutexRun {
    for (;;) {
      const next = this.#firstToReturn();
      if (next < 0) return this.#end(-1);
      // Whatever began before that return may come next.
      this.#admitBefore(this.#columns.return[next] ?? 0);
      if (this.#placeLooking()) continue;
      const wanted = this.#held ? mutexKind.release : mutexKind.acquire;
      let row = this.#completed[wanted]?.pop() ?? -1;
      if (row < 0) row = this.#open[wanted]?.pop() ?? -1;
      if (row < 0) return this.#end(next);
      this.#place(row);
      this.#held = !this.#held;
    }
  }

  #end(stuck: number): MutexRun {
    return { order: this.#order.slice(0, this.#size), stuck, held: this.#held };
  }

  /** Of the completed rows that are not placed the one that returned first, -1 for none. */
  #firstToReturn(): number {
    for (; this.#returned < this.#byReturn.length; this.#returned += 1) {
      const row = this.#byReturn[this.#returned] ?? 0;
      if (this.#columns.return[row] === neverReturned) return -1;
      if (this.#isPlaced[row] === 0) return row;
    }
    return -1;
  }

  #admitBefore(position: number): void {
    const { count, call, return: returned } = this.#columns;
    for (; this.#admitted < count; this.#admitted += 1) {
      const row = this.#admitted;
      if ((call[row] ?? 0) > position) return;
      const kind = this.#kinds[row] ?? 0;
      if (kind === mutexKind.sawHeld || kind === mutexKind.sawFree) this.#looking[kind]?.push(row);
      else if (returned[row] === neverReturned) this.#open[kind]?.push(row);
      else this.#completed[kind]?.push(row);
    }
  }

  #placeLooking(): boolean {
    const rows = this.#looking[this.#held ? mutexKind.sawHeld : mutexKind.sawFree] ?? [];
    if (rows.length === 0) return false;
    for (const row of rows) this.#place(row);
    rows.length = 0;
    return true;
  }

  #place(row: number): void {
    this.#isPlaced[row] = 1;
    this.#order[this.#size] = row;
    this.#size += 1;
  }
}
