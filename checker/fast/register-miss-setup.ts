/**
 * What the placing of misses needs to know about a register's chains, in arrays.
 *
 * A miss is a cas that answered that the value was not the expected one, and not what it was.
 * Positions are dense and doubled here, so that there is a moment between any two events.
 */
import { neverReturned, none } from '../columns.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { type Chains, walkChains } from './register-chains.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';
import { happened, type Observations } from './register-observations.ts';

export interface MissSetup {
  /** With dense and doubled positions. */
  readonly columns: RegisterColumns;
  readonly observations: Observations;
  readonly chains: Chains;
  /** By event: the row invoked there, or -1 minus the row that returned there. */
  readonly events: Int32Array;
  /** By row: the chain of a mutator that happened, else -1; and its place in it. */
  readonly blockOf: Int32Array;
  readonly ordinal: Int32Array;
  /** By mutator: the latest invocation of it and all before it in its chain. */
  readonly latestCall: Int32Array;
  /** By mutator: the earliest return of it and all after it in its chain. */
  readonly earliestReturn: Int32Array;
  /** By block: its last mutator, -1 when the initial value stayed. */
  readonly end: Int32Array;
  readonly endOrdinal: Int32Array;
  /** Open mutators that nobody saw: they may have happened, and then make a value go away. */
  readonly helpers: Helpers;
}

export interface Helpers {
  /** Writes of values that no miss expects, and those of the others; by invocation. */
  readonly untested: readonly number[];
  readonly tested: readonly number[];
  /** By expected value: cas, by invocation. */
  readonly casByExpected: ReadonlyMap<number, readonly number[]>;
  /** By row: its number among the writes, plus one. */
  readonly numberOf: Int32Array;
  readonly writeCount: number;
}

export function prepareMisses(columns: RegisterColumns, observations: Observations): MissSetup {
  const { events, dense } = withDensePositions(columns);
  const { chains } = walkChains(dense, observations);
  const { count } = columns;
  const setup: MissSetup = {
    columns: dense,
    observations,
    chains,
    events,
    blockOf: new Int32Array(count).fill(none),
    ordinal: new Int32Array(count),
    latestCall: new Int32Array(count),
    earliestReturn: new Int32Array(count),
    end: new Int32Array(chains.root.length),
    endOrdinal: new Int32Array(chains.root.length),
    helpers: findHelpers(dense, observations),
  };
  for (let block = 0; block < chains.root.length; block += 1) walkBlock(setup, block);
  return setup;
}

function withDensePositions(columns: RegisterColumns): {
  readonly events: Int32Array;
  readonly dense: RegisterColumns;
} {
  const { count } = columns;
  const call = new Int32Array(count);
  const returned = new Int32Array(count).fill(neverReturned);
  const events = new Int32Array(2 * count);
  const byReturn = rowsSortedBy(columns.return);
  let event = 0;
  let next = 0;
  for (let row = 0; row <= count; row += 1) {
    const begin = row < count ? (columns.call[row] ?? 0) : neverReturned;
    for (; next < count; next += 1) {
      const other = byReturn[next] ?? 0;
      const end = columns.return[other] ?? 0;
      // At one position what begins comes first: then the two overlap.
      if (end >= begin || end === neverReturned) break;
      returned[other] = 2 * event;
      events[event] = -1 - other;
      event += 1;
    }
    if (row === count) break;
    call[row] = 2 * event;
    events[event] = row;
    event += 1;
  }
  const dense = { ...columns, call, return: returned };
  return { events: events.subarray(0, event), dense };
}

/** The value that is there after a mutator; -1 stands for the beginning. */
export function valueAfter(columns: RegisterColumns, row: number): number {
  return row < 0 ? 0 : (columns.writes[row] ?? 0);
}

/** Where the readers of the value after a mutator stand in `readers`; none when nobody saw it. */
export function readersAfter(
  { columns, observations }: Pick<MissSetup, 'columns' | 'observations'>,
  row: number,
): readonly [start: number, end: number] {
  const value = valueAfter(columns, row);
  if ((observations.seenBy[value] ?? none) < 0) return [0, 0];
  return [observations.readersStart[value] ?? 0, observations.readersStart[value + 1] ?? 0];
}

/** The cas that took the value after a mutator, when it must have happened. */
export function consumerAfter(
  { columns, observations }: Pick<MissSetup, 'columns' | 'observations'>,
  row: number,
): number {
  const value = valueAfter(columns, row);
  // Nobody saw it, so others may have written the same.
  if ((observations.seenBy[value] ?? none) < 0) return none;
  return observations.consumer[value] ?? none;
}

function walkBlock(setup: MissSetup, block: number): void {
  const { columns, chains, blockOf, ordinal, latestCall, earliestReturn } = setup;
  const { readers } = setup.observations;
  const mutators: number[] = [];
  let latest = -1;
  let row = chains.root[block] ?? none;
  for (;;) {
    if (row >= 0) {
      blockOf[row] = block;
      ordinal[row] = mutators.length;
      latest = Math.max(latest, columns.call[row] ?? 0);
      latestCall[row] = latest;
    }
    mutators.push(row);
    const [start, stop] = readersAfter(setup, row);
    for (let at = start; at < stop; at += 1) {
      latest = Math.max(latest, columns.call[readers[at] ?? 0] ?? 0);
    }
    const next = consumerAfter(setup, row);
    if (next < 0) break;
    row = next;
  }
  setup.end[block] = row;
  setup.endOrdinal[block] = mutators.length - 1;
  let earliest: number = neverReturned;
  for (let at = mutators.length - 1; at >= 0; at -= 1) {
    const mutator = mutators[at] ?? none;
    const [start, stop] = readersAfter(setup, mutator);
    for (let reader = start; reader < stop; reader += 1) {
      earliest = Math.min(earliest, columns.return[readers[reader] ?? 0] ?? neverReturned);
    }
    if (mutator < 0) continue;
    earliest = Math.min(earliest, columns.return[mutator] ?? neverReturned);
    earliestReturn[mutator] = earliest;
  }
}

function findHelpers(columns: RegisterColumns, observations: Observations): Helpers {
  const { count, kind, sees, writes } = columns;
  const isTested = new Uint8Array(columns.valueCount);
  for (let row = 0; row < count; row += 1) {
    if (kind[row] === rowKind.miss) isTested[sees[row] ?? 0] = 1;
  }
  const untested: number[] = [];
  const tested: number[] = [];
  const casByExpected = new Map<number, number[]>();
  const numberOf = new Int32Array(count);
  let writeCount = 0;
  for (let row = 0; row < count; row += 1) {
    if (columns.return[row] !== neverReturned || happened(columns, observations, row)) continue;
    if (kind[row] === rowKind.write) {
      (isTested[writes[row] ?? 0] === 1 ? tested : untested).push(row);
      writeCount += 1;
      numberOf[row] = writeCount;
    } else if (kind[row] === rowKind.cas && sees[row] !== writes[row]) {
      const others = casByExpected.get(sees[row] ?? 0);
      if (others === undefined) casByExpected.set(sees[row] ?? 0, [row]);
      else others.push(row);
    }
  }
  return { untested, tested, casByExpected, numberOf, writeCount };
}
