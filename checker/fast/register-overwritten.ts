/**
 * A read of a value that is certainly gone, where values repeat and nothing else is near-linear.
 *
 * Everyone who wrote the value, and began before the read returned, had returned before a write of
 * another value began; and that one had returned before the read began. Then the value was
 * overwritten for good. It only refuses; what it does not refuse is undecided. O(n log n). What
 * would have to be shown with a compare-and-set is left to the search: that rests on others.
 */
import { neverReturned, none } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';

export interface Overwritten {
  readonly read: number;
  /** Who overwrote the value. */
  readonly by: number;
  /** The last to return of those who wrote it; `none` when it is the initial one. */
  readonly writer: number;
}

/** The first such read by invocation; null when there is none. */
export function findOverwritten(columns: RegisterColumns): Overwritten | null {
  const writers = latestWriters(columns);
  const overwriters = new Overwriters(columns);
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.kind[row] !== rowKind.read) continue;
    const value = columns.sees[row] ?? 0;
    const by = overwriters.before(columns.call[row] ?? 0, value);
    if (by === none) continue;
    const writer = writers.of(value, columns.return[row] ?? 0);
    // Before everything, if it is the initial value; an unwritten one is not for us to tell.
    if (writer === none && value !== 0) continue;
    if (writer !== none && columns.kind[writer] !== rowKind.write) continue;
    const end = writer === none ? -1 : (columns.return[writer] ?? neverReturned);
    if (end < (columns.call[by] ?? 0)) return { read: row, by, writer };
  }
  return null;
}

interface Writers {
  /** Of those that wrote the value and were invoked by that position the last to return. */
  of(value: number, position: number): number;
}

function latestWriters(columns: RegisterColumns): Writers {
  const { count, kind, writes, call, return: returned, valueCount } = columns;
  const rowsOf: number[][] = Array.from({ length: valueCount }, () => []);
  const bestOf: number[][] = Array.from({ length: valueCount }, () => []);
  for (let row = 0; row < count; row += 1) {
    if (kind[row] !== rowKind.write && kind[row] !== rowKind.cas) continue;
    const value = writes[row] ?? 0;
    const best = bestOf[value]?.at(-1) ?? row;
    rowsOf[value]?.push(row);
    bestOf[value]?.push((returned[row] ?? 0) > (returned[best] ?? 0) ? row : best);
  }
  return {
    of: (value, position) => {
      const rows = rowsOf[value] ?? [];
      let low = 0;
      let high = rows.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((call[rows[middle] ?? 0] ?? 0) <= position) low = middle + 1;
        else high = middle;
      }
      return bestOf[value]?.[low - 1] ?? none;
    },
  };
}

/** Completed writes by their return: the latest to begin, and the latest with another value. */
class Overwriters {
  readonly #columns: RegisterColumns;
  readonly #ends: Int32Array;
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  constructor(columns: RegisterColumns) {
    const { count, kind, writes, call, return: returned } = columns;
    this.#columns = columns;
    const rows: number[] = [];
    for (let row = 0; row < count; row += 1) {
      const isWrite = kind[row] === rowKind.write;
      if (isWrite && returned[row] !== neverReturned) rows.push(row);
    }
    const order = rowsSortedBy(Int32Array.from(rows, (row) => returned[row] ?? 0));
    this.#ends = new Int32Array(rows.length);
    this.#first = new Int32Array(rows.length);
    this.#second = new Int32Array(rows.length);
    let first = none;
    let second = none;
    order.forEach((at, place) => {
      const row = rows[at] ?? 0;
      const isLater = first === none || (call[row] ?? 0) > (call[first] ?? 0);
      if (isLater) {
        if (first !== none && writes[first] !== writes[row]) second = first;
        first = row;
      } else if (writes[row] !== writes[first]) {
        if (second === none || (call[row] ?? 0) > (call[second] ?? 0)) second = row;
      }
      this.#ends[place] = returned[row] ?? 0;
      this.#first[place] = first;
      this.#second[place] = second;
    });
  }

  /** Of those that had returned before the position, and leave another value, the last to begin. */
  before(position: number, value: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return none;
    const first = this.#first[low - 1] ?? none;
    return this.#columns.writes[first] === value ? (this.#second[low - 1] ?? none) : first;
  }
}
