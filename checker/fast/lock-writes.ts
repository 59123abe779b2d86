/**
 * The store behind a lock: which token it had accepted when. Exact and without search: O(n log n).
 *
 * What it has accepted only grows, and small is always better for a write that is to be accepted.
 * So it grows as late and as little as the answers allow: at the return of a write that was
 * accepted, to its token; at that of a rejected one, to the smallest greater token that some write
 * had brought by then. Writes that are passed on the way were accepted just before.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { type LockRows, lockKind } from './lock-rows.ts';
import { RowHeap } from './mutex-heap.ts';
import { Placement } from './placement.ts';

export type WriteConflict =
  /** `newer` had been accepted before `older` began. */
  | { readonly type: 'stale'; readonly newer: number; readonly older: number }
  /** The same, where only the rejected row tells that something newer had been. */
  | { readonly type: 'overtaken'; readonly rejected: number; readonly older: number }
  /** No write with a greater token began before that one returned. */
  | { readonly type: 'refused'; readonly rejected: number };

export type WriteOrder =
  | { readonly type: 'ordered'; readonly placed: Placement }
  | { readonly type: 'conflict'; readonly conflict: WriteConflict };

export function orderWrites(columns: Columns, rows: LockRows): WriteOrder {
  return new WriteRunner(columns, rows).run();
}

class WriteRunner {
  readonly #columns: Columns;
  readonly #rows: LockRows;
  readonly #placed: Placement;
  readonly #isPlaced: Uint8Array;
  /** Writes that have begun, and may make it grow. */
  readonly #begun: RowHeap;
  #accepted = Number.NEGATIVE_INFINITY;
  /** The row whose return made it grow last. */
  #grownBy = -1;
  #admitted = 0;

  constructor(columns: Columns, rows: LockRows) {
    this.#columns = columns;
    this.#rows = rows;
    this.#placed = new Placement(columns);
    this.#isPlaced = new Uint8Array(columns.count);
    this.#begun = new RowHeap(rows.named);
  }

  run(): WriteOrder {
    const { return: returned } = this.#columns;
    for (const row of rowsSortedBy(returned)) {
      const position = returned[row] ?? 0;
      if (position === neverReturned) break;
      const conflict = this.#admitBefore(position) ?? this.#answer(row);
      if (conflict !== null) return { type: 'conflict', conflict };
    }
    return { type: 'ordered', placed: this.#placed };
  }

  #admitBefore(position: number): WriteConflict | null {
    const { count, call } = this.#columns;
    const { kind, named } = this.#rows;
    for (; this.#admitted < count; this.#admitted += 1) {
      const row = this.#admitted;
      if ((call[row] ?? 0) > position) return null;
      const isAccepted = kind[row] === lockKind.accepted;
      if (!isAccepted && kind[row] !== lockKind.openWrite) continue;
      const isOver = (named[row] ?? 0) < this.#accepted;
      if (isAccepted && isOver) return this.#describeStale(row);
      if (!isOver) this.#begun.push(row);
    }
    return null;
  }

  #describeStale(older: number): WriteConflict {
    const by = this.#grownBy;
    return this.#rows.kind[by] === lockKind.accepted
      ? { type: 'stale', newer: by, older }
      : { type: 'overtaken', rejected: by, older };
  }

  #answer(row: number): WriteConflict | null {
    const { kind, named } = this.#rows;
    if (kind[row] === lockKind.accepted) {
      while (this.#isPlaced[row] === 0) this.#grow(this.#begun.pop(), row);
    } else if (kind[row] === lockKind.rejected) {
      const token = named[row] ?? 0;
      while (this.#accepted <= token) {
        const next = this.#begun.pop();
        if (next < 0) return { type: 'refused', rejected: row };
        // One that was not answered, and would not do, was not accepted.
        if (kind[next] === lockKind.accepted || (named[next] ?? 0) > token) this.#grow(next, row);
      }
      this.#placed.add(row);
    }
    return null;
  }

  #grow(next: number, because: number): void {
    const { kind, named } = this.#rows;
    if (next < 0) throw new Error('a write that has begun is not among those that have');
    const isOnTheWay = kind[next] === lockKind.openWrite && kind[because] === lockKind.accepted;
    if (isOnTheWay) return;
    this.#isPlaced[next] = 1;
    this.#placed.add(next);
    const token = named[next] ?? 0;
    if (token === this.#accepted) return;
    this.#accepted = token;
    this.#grownBy = because;
  }
}
