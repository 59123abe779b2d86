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
  let blocks = 1;
  let waiting = 0;
  for (let row = 0; row < columns.count; row += 1) {
    if (!happened(columns, observations, row)) continue;
    if (columns.kind[row] === rowKind.write) blocks += 1;
    if (columns.kind[row] === rowKind.cas) waiting += 1;
  }
  const chains: Chains = {
    root: new Int32Array(blocks),
    first: new Int32Array(blocks),
    last: new Int32Array(blocks),
    firstRow: new Int32Array(blocks),
    lastRow: new Int32Array(blocks),
  };
  chains.root[0] = -1;
  let block = 1;
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.kind[row] !== rowKind.write || !happened(columns, observations, row)) continue;
    chains.root[block] = row;
    block += 1;
  }
  // Only a cas can be in no chain, so only then is it worth to remember who is in one.
  const walker = new ChainWalker(columns, observations, waiting > 0);
  for (block = 0; block < blocks; block += 1) {
    walker.walk(chains.root[block] ?? -1);
    if (walker.conflict !== null) return { chains, conflict: walker.conflict };
    chains.first[block] = walker.first;
    chains.last[block] = walker.last;
    chains.firstRow[block] = walker.firstRow;
    chains.lastRow[block] = walker.lastRow;
  }
  if (waiting === 0) return { chains, conflict: null };
  return { chains, conflict: findCycle(columns, observations, walker.visited) };
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

/** Takes one chain after the other; ranks are in forced order, rows of one rank are free. */
class ChainWalker {
  readonly #columns: RegisterColumns;
  readonly #observations: Observations;
  /** By row: 1 when it wrote in some chain. Empty when nobody asks. */
  readonly visited: Uint8Array;
  /** The latest invocation in all smaller ranks, and whose it was. */
  #call = -1;
  #callRow = -1;
  first: number = neverReturned;
  last = -1;
  firstRow = -1;
  lastRow = -1;
  conflict: RegisterConflict | null = null;

  constructor(columns: RegisterColumns, observations: Observations, doesRemember: boolean) {
    this.#columns = columns;
    this.#observations = observations;
    this.visited = new Uint8Array(doesRemember ? columns.count : 0);
  }

  /** -1 begins with the initial value, which was written before everything. */
  walk(root: number): void {
    const { consumer, readers, readersStart, seenBy } = this.#observations;
    this.#call = -1;
    this.#callRow = -1;
    this.first = root < 0 ? -1 : neverReturned;
    this.last = -1;
    this.firstRow = -1;
    this.lastRow = -1;
    for (let writer = root; ; ) {
      if (writer >= 0) {
        if (this.visited.length > 0) this.visited[writer] = 1;
        this.#add(writer);
        this.#endRank();
      }
      const value = writer < 0 ? 0 : (this.#columns.writes[writer] ?? 0);
      // Nobody saw it, so others may have written the same; what follows is not of this chain.
      if ((seenBy[value] ?? -1) < 0) return;
      const end = readersStart[value + 1] ?? 0;
      for (let at = readersStart[value] ?? 0; at < end; at += 1) this.#add(readers[at] ?? 0);
      this.#endRank();
      writer = consumer[value] ?? -1;
      if (writer < 0) return;
    }
  }

  #add(row: number): void {
    const call = this.#columns.call[row] ?? 0;
    const end = this.#columns.return[row] ?? 0;
    if (end < this.#call) this.conflict ??= { type: 'order', before: this.#callRow, after: row };
    if (end < this.first) {
      this.first = end;
      this.firstRow = row;
    }
    if (call > this.last) {
      this.last = call;
      this.lastRow = row;
    }
  }

  /** All of a rank is tested before any of it counts: its rows do not bind each other. */
  #endRank(): void {
    this.#call = this.last;
    this.#callRow = this.lastRow;
  }
}

/** All rows of the chains, chain by chain in that order. */
export function emitChains(
  { columns, observations }: ChainSource,
  { root }: Chains,
  blocks: Uint32Array,
): Uint32Array {
  const { consumer, readers, readersStart, seenBy } = observations;
  const order = new Uint32Array(columns.count);
  let length = 0;
  for (const block of blocks) {
    for (let writer = root[block] ?? -1; ; ) {
      if (writer >= 0) {
        order[length] = writer;
        length += 1;
      }
      const value = writer < 0 ? 0 : (columns.writes[writer] ?? 0);
      if ((seenBy[value] ?? -1) < 0) break;
      const end = readersStart[value + 1] ?? 0;
      for (let at = readersStart[value] ?? 0; at < end; at += 1) {
        order[length] = readers[at] ?? 0;
        length += 1;
      }
      writer = consumer[value] ?? -1;
      if (writer < 0) break;
    }
  }
  return order.subarray(0, length);
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
