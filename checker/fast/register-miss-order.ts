/**
 * From an order of chains to an order of all operations: puts every miss where its value is not
 * the expected one, as early as it may stand, which is the best place while the chains stay.
 *
 * Says which misses have no place. It changes nothing about the order of the chains.
 */
import { none } from '../columns.ts';
import { rowKind } from './register-columns.ts';
import { consumerAfter, type MissSetup, readersAfter, valueAfter } from './register-miss-setup.ts';

/** The mutators in order; what is read and missed stands in the gaps after them. */
export interface Gaps {
  /** By gap: the mutator before it; -1 for the first gap, which has the initial value. */
  readonly mutators: Int32Array;
  readonly count: number;
  /** By row: its gap; -1 for what is not in the order. */
  readonly gapOf: Int32Array;
}

/** A miss without a place, and the stretch of gaps that it was tried in. */
export interface StuckMiss {
  readonly row: number;
  readonly low: number;
  readonly high: number;
  /** The miss whose place pushed it there, -1 for none. */
  readonly pushedBy: number;
}

export interface MissPlacing {
  readonly gaps: Gaps;
  readonly stuck: readonly StuckMiss[];
  /** By row: the miss that pushed it, -1 for none. */
  readonly pushedBy: Int32Array;
}

/** Where chains begin that are no part of the setup, and what was put behind their ends. */
export interface AddedMutators {
  /** The first mutator of a block. */
  rootOf(block: number): number;
  /** What follows a mutator that nobody who must have happened follows; -1 for nothing. */
  appendedTo(row: number, block: number): number;
}

/** `order` holds blocks, the one of the initial value first. */
export function layOutGaps(setup: MissSetup, order: Uint32Array, added: AddedMutators): Gaps {
  const { count } = setup.columns;
  const { readers } = setup.observations;
  const mutators = new Int32Array(count + 1).fill(none);
  const gapOf = new Int32Array(count).fill(none);
  let gap = none;
  for (const block of order) {
    let row = added.rootOf(block);
    for (;;) {
      gap += 1;
      mutators[gap] = row;
      if (row >= 0) gapOf[row] = gap;
      const [start, stop] = readersAfter(setup, row);
      for (let at = start; at < stop; at += 1) gapOf[readers[at] ?? 0] = gap;
      let next = consumerAfter(setup, row);
      if (next < 0) next = added.appendedTo(row, block);
      if (next < 0) break;
      row = next;
    }
  }
  return { mutators, count: gap + 1, gapOf };
}

const eventsPerSlice = 1000;

/** The same at one go. */
export function placeMisses(setup: MissSetup, gaps: Gaps): MissPlacing {
  const sweep = sweepMisses(setup, gaps);
  for (;;) {
    const next = sweep.next();
    if (next.done === true) return next.value;
  }
}

/**
 * One sweep back for the last gap that each miss may have, one forth for the first. Yields as it
 * goes, so that a history of millions can be left in the middle.
 */
export function* sweepMisses(setup: MissSetup, gaps: Gaps): Generator<number, MissPlacing> {
  const { columns, events } = setup;
  const { kind, sees } = columns;
  const { gapOf, mutators } = gaps;
  const highest = yield* findHighest(setup, gaps);
  const pushedBy = new Int32Array(columns.count).fill(none);
  const stuck: StuckMiss[] = [];
  let low = 0;
  let pusher = none;
  for (let at = 0; at < events.length; at += 1) {
    if (at % eventsPerSlice === eventsPerSlice - 1) yield eventsPerSlice;
    const event = events[at] ?? 0;
    const row = event < 0 ? -1 - event : event;
    const isMiss = kind[row] === rowKind.miss;
    if (event < 0) {
      const gap = gapOf[row] ?? none;
      if (gap <= low) continue;
      low = gap;
      pusher = isMiss ? row : none;
    } else if (isMiss) {
      const high = highest[row] ?? 0;
      let gap = low;
      while (gap <= high && valueAfter(columns, mutators[gap] ?? none) === sees[row]) gap += 1;
      pushedBy[row] = pusher;
      if (gap > high) stuck.push({ row, low, high, pushedBy: pusher });
      gapOf[row] = gap > high ? low : gap;
    }
  }
  return { gaps, stuck, pushedBy };
}

/** By miss: the last gap before all that was invoked after it had returned. */
function* findHighest(
  { columns, events }: MissSetup,
  { gapOf, count }: Gaps,
): Generator<number, Int32Array> {
  const { kind } = columns;
  const highest = new Int32Array(columns.count);
  let high = count - 1;
  for (let at = events.length - 1; at >= 0; at -= 1) {
    if (at % eventsPerSlice === eventsPerSlice - 1) yield eventsPerSlice;
    const event = events[at] ?? 0;
    const row = event < 0 ? -1 - event : event;
    if (event < 0) {
      if (kind[row] === rowKind.miss) highest[row] = high;
      continue;
    }
    const gap = gapOf[row] ?? none;
    if (gap < 0 || kind[row] === rowKind.miss) continue;
    high = Math.min(high, kind[row] === rowKind.read ? gap : gap - 1);
  }
  return highest;
}

/** All rows: each mutator, then what stands in the gap after it, by invocation. */
export function emitGaps(setup: MissSetup, { mutators, count, gapOf }: Gaps): Uint32Array {
  const { kind } = setup.columns;
  const at = new Int32Array(count + 1);
  let total = 0;
  for (let row = 0; row < gapOf.length; row += 1) {
    const gap = gapOf[row] ?? none;
    if (gap < 0) continue;
    total += 1;
    at[gap + 1] = (at[gap + 1] ?? 0) + 1;
  }
  for (let gap = 0; gap < count; gap += 1) at[gap + 1] = (at[gap + 1] ?? 0) + (at[gap] ?? 0);
  const order = new Uint32Array(total);
  for (let gap = 0; gap < count; gap += 1) {
    const row = mutators[gap] ?? none;
    if (row < 0) continue;
    order[at[gap] ?? 0] = row;
    at[gap] = (at[gap] ?? 0) + 1;
  }
  for (let row = 0; row < gapOf.length; row += 1) {
    const gap = gapOf[row] ?? none;
    if (gap < 0 || kind[row] === rowKind.write || kind[row] === rowKind.cas) continue;
    order[at[gap] ?? 0] = row;
    at[gap] = (at[gap] ?? 0) + 1;
  }
  return order;
}
