/**
 * The chains of a register with unique values: a write, the reads of its value, the cas that
 * consumed it, the reads of the next value, and so on. Every order holds each one unbroken.
 *
 * Inside a chain the ranks (writer, readers, next writer…) are forced, rows of one rank are free.
 */
import { neverReturned } from '../columns.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';
import { happened, type Observations, type RegisterConflict } from './register-observations.ts';

/** The chains: block 0 holds the initial value, every other one begins with a write. */
export interface Chains {
  /** By block: the row of the write, -1 for the initial value. */
  readonly root: Int32Array;
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** By block: the rows that returned first and were invoked last; -1 for the initial value. */
  readonly firstRow: Int32Array;
  readonly lastRow: Int32Array;
}

export interface ChainWalk {
  readonly chains: Chains;
  readonly conflict: RegisterConflict | null;
}

/** Walks every chain; stops at the first one that can not be ordered in itself. */
export function walkChains(columns: RegisterColumns, observations: Observations): ChainWalk {
  const roots = [-1];
  let waiting = 0;
  for (let row = 0; row < columns.count; row += 1) {
    if (!happened(columns, observations, row)) continue;
    if (columns.kind[row] === rowKind.write) roots.push(row);
    if (columns.kind[row] === rowKind.cas) waiting += 1;
  }
  const chains: Chains = {
    root: Int32Array.from(roots),
    first: new Int32Array(roots.length),
    last: new Int32Array(roots.length),
    firstRow: new Int32Array(roots.length),
    lastRow: new Int32Array(roots.length),
  };
  const visited = new Uint8Array(columns.count);
  for (let block = 0; block < roots.length; block += 1) {
    const walker = new ChainWalker(columns, roots[block] ?? -1);
    forEachRank({ columns, observations }, roots[block] ?? -1, (rows) => {
      for (const row of rows) visited[row] = 1;
      walker.addRank(rows);
    });
    if (walker.conflict !== null) return { chains, conflict: walker.conflict };
    chains.first[block] = walker.first;
    chains.last[block] = walker.last;
    chains.firstRow[block] = walker.firstRow;
    chains.lastRow[block] = walker.lastRow;
  }
  if (waiting === 0) return { chains, conflict: null };
  return { chains, conflict: findCycle(columns, observations, visited) };
}

/** A cas that no chain from a write reaches: each of a ring got its value from another. */
function findCycle(
  columns: RegisterColumns,
  observations: Observations,
  visited: Uint8Array,
): RegisterConflict | null {
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.kind[row] !== rowKind.cas || visited[row] === 1) continue;
    if (happened(columns, observations, row)) return { type: 'cycle', row };
  }
  return null;
}

/** Takes the ranks of one chain; ranks are in forced order, rows of one rank are free. */
class ChainWalker {
  readonly #columns: RegisterColumns;
  /** The latest invocation in all smaller ranks, and whose it was. */
  #call = -1;
  #callRow = -1;
  first: number = neverReturned;
  last = -1;
  firstRow = -1;
  lastRow = -1;
  conflict: RegisterConflict | null = null;

  constructor(columns: RegisterColumns, root: number) {
    this.#columns = columns;
    // The initial value was written before everything.
    if (root < 0) this.first = -1;
  }

  addRank(rows: Uint32Array): void {
    const { call, return: returned } = this.#columns;
    // All of a rank is tested before any of it counts: its rows do not bind each other.
    for (const row of rows) {
      const end = returned[row] ?? 0;
      if (end < this.#call) this.conflict ??= { type: 'order', before: this.#callRow, after: row };
      if (end < this.first) {
        this.first = end;
        this.firstRow = row;
      }
      if ((call[row] ?? 0) > this.last) {
        this.last = call[row] ?? 0;
        this.lastRow = row;
      }
    }
    this.#call = this.last;
    this.#callRow = this.lastRow;
  }
}

export interface ChainSource {
  readonly columns: RegisterColumns;
  readonly observations: Observations;
}

/** Calls back with the rows of each rank of the chain: a writer, its readers, the next writer… */
export function forEachRank(
  { columns, observations }: ChainSource,
  root: number,
  visit: (rows: Uint32Array) => void,
): void {
  const { consumer, readers, readersStart, seenBy } = observations;
  let writer = root;
  for (;;) {
    if (writer >= 0) visit(Uint32Array.of(writer));
    const value = writer < 0 ? 0 : (columns.writes[writer] ?? 0);
    // Nobody saw it, so others may have written the same; what follows is not of this chain.
    if ((seenBy[value] ?? -1) < 0) return;
    const start = readersStart[value] ?? 0;
    const end = readersStart[value + 1] ?? 0;
    if (end > start) visit(readers.subarray(start, end));
    writer = consumer[value] ?? -1;
    if (writer < 0) return;
  }
}
