/**
 * A counter whose adds tell nothing and are all of one amount: O(n log n), exact.
 *
 * Only the number of adds before a read counts, so the question is which add was the v-th. It must
 * not have returned before a read that saw less began, nor begun after a read that saw v or more
 * returned. Those windows move upwards with v, so taking for each v the add that must return first
 * finds a matching when there is one; and no add so taken stands before one that preceded it: that
 * one returned earlier and was there to be taken. Adds of several amounts are a subset sum; for
 * them there are only bounds, which refuse and never accept.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { FastInput, FastResult } from '../model.ts';
import { checkCounterBounds } from './counter-bounds.ts';
import { describeCounterConflict } from './counter-conflict.ts';
import { CounterHeap } from './counter-heap.ts';
import { type CounterNumbers, createCounterNumbers } from './counter-numbers.ts';
import { insertFreeRows } from './ranks.ts';

export function checkCounter(input: FastInput): FastResult {
  const { columns } = input;
  const numbers = createCounterNumbers(columns, false);
  if (numbers.unit === null) return checkCounterBounds(input, numbers);
  const unit = numbers.unit === 0 ? 1 : numbers.unit;
  const counter = createUnitCounter(columns, numbers, unit);
  const invalid = (conflict: CounterConflict): FastResult => ({
    type: 'invalid',
    finding: describeCounterConflict(input, counter, conflict),
  });
  if (counter.impossible >= 0) return invalid({ type: 'impossible', row: counter.impossible });
  const windows = createWindows(counter);
  for (let value = 1; value <= counter.top; value += 1) {
    const above = windows.earliest[value] ?? 0;
    const below = windows.latest[value] ?? 0;
    if (returnOf(columns, above) >= callOf(columns, below)) continue;
    return invalid({ type: 'order', above, below });
  }
  const matching = matchAdds(counter, windows);
  if (matching.conflict !== null) return invalid(matching.conflict);
  return { type: 'valid', order: emitOrder(counter, matching) };
}

/** The history as one of adds of one. */
export interface UnitCounter {
  readonly columns: Columns;
  /** Rows that add, open ones included, by invocation. */
  readonly adds: Int32Array;
  /** Completed rows that add nothing. */
  readonly idle: readonly number[];
  /** Completed reads. */
  readonly reads: Int32Array;
  /** By row; how many adds a completed read saw. */
  readonly seen: Float64Array;
  /** The most that a read saw. */
  readonly top: number;
  /** A read of what no number of adds comes to, even of all of them; or -1. */
  readonly impossible: number;
}

export type CounterConflict =
  | { readonly type: 'impossible'; readonly row: number }
  /** `above` saw more and returned before `below`, which saw less, began. */
  | { readonly type: 'order'; readonly above: number; readonly below: number }
  /** Fewer adds than this read saw began before it returned. */
  | { readonly type: 'too-many'; readonly row: number }
  /** More adds completed before `below` began than it saw; `above` returned before they began. */
  | {
      readonly type: 'lost';
      readonly below: number;
      readonly above: number;
      readonly adds: readonly number[];
    };

function createUnitCounter(
  columns: Columns,
  { amount, seen }: CounterNumbers,
  unit: number,
): UnitCounter {
  const readCode = columns.tables.functions.indexOf('read');
  const adds = new Int32Array(columns.count);
  const reads = new Int32Array(columns.count);
  const idle: number[] = [];
  let addCount = 0;
  let readCount = 0;
  let top = 0;
  let topRow = -1;
  let impossible = -1;
  for (let row = 0; row < columns.count; row += 1) {
    const isOpen = columns.return[row] === neverReturned;
    if ((amount[row] ?? 0) !== 0) {
      adds[addCount] = row;
      addCount += 1;
    } else if (columns.f[row] !== readCode) {
      if (!isOpen) idle.push(row);
    } else if (!isOpen) {
      const value = (seen[row] ?? 0) / unit;
      seen[row] = value;
      reads[readCount] = row;
      readCount += 1;
      if (value < 0 || !Number.isInteger(value)) impossible = row;
      if (value <= top) continue;
      top = value;
      topRow = row;
    }
  }
  if (impossible < 0 && top > addCount) impossible = topRow;
  return {
    columns,
    adds: adds.subarray(0, addCount),
    idle,
    reads: reads.subarray(0, readCount),
    seen,
    top,
    impossible,
  };
}

/** By value v from 0 to top + 1, rows of reads or -1. */
interface Windows {
  /** Of the reads that saw v or more, the one that returned first. */
  readonly earliest: Int32Array;
  /** Of the reads that saw less than v, the one that was invoked last. */
  readonly latest: Int32Array;
}

function createWindows({ columns, reads, seen, top }: UnitCounter): Windows {
  const earliest = new Int32Array(top + 2).fill(-1);
  const latest = new Int32Array(top + 2).fill(-1);
  for (const row of reads) {
    const value = seen[row] ?? 0;
    earliest[value] = firstReturned(columns, earliest[value] ?? -1, row);
    latest[value + 1] = lastInvoked(columns, latest[value + 1] ?? -1, row);
  }
  for (let value = top; value >= 0; value -= 1) {
    earliest[value] = firstReturned(columns, earliest[value] ?? -1, earliest[value + 1] ?? -1);
  }
  for (let value = 1; value <= top + 1; value += 1) {
    latest[value] = lastInvoked(columns, latest[value] ?? -1, latest[value - 1] ?? -1);
  }
  return { earliest, latest };
}

function firstReturned(columns: Columns, one: number, two: number): number {
  return returnOf(columns, two) < returnOf(columns, one) ? two : one;
}

function lastInvoked(columns: Columns, one: number, two: number): number {
  return callOf(columns, two) > callOf(columns, one) ? two : one;
}

interface Matching {
  readonly conflict: CounterConflict | null;
  /** The add that was the first, the second, and so on up to `top`. */
  readonly taken: Uint32Array;
  /** Completed adds behind all reads. */
  readonly rest: readonly number[];
}

function matchAdds(counter: UnitCounter, windows: Windows): Matching {
  const { columns, adds, top } = counter;
  const taken = new Uint32Array(top);
  const heap = new CounterHeap(columns.return, adds.length);
  let next = 0;
  const fail = (conflict: CounterConflict): Matching => ({ conflict, taken, rest: [] });
  for (let value = 1; value <= top + 1; value += 1) {
    const deadline = returnOf(columns, windows.earliest[value] ?? -1);
    while (next < adds.length && callOf(columns, adds[next] ?? 0) <= deadline) {
      heap.push(adds[next] ?? 0);
      next += 1;
    }
    const below = windows.latest[value] ?? -1;
    const row = heap.peek();
    if (row >= 0 && returnOf(columns, row) < callOf(columns, below)) {
      return fail(findLost({ counter, windows, value, taken }, row));
    }
    if (value > top) break;
    if (row < 0) return fail({ type: 'too-many', row: windows.earliest[value] ?? 0 });
    taken[value - 1] = heap.pop();
  }
  const rest: number[] = [];
  for (let row = heap.pop(); row >= 0; row = heap.pop()) {
    if (columns.return[row] !== neverReturned) rest.push(row);
  }
  return { conflict: null, taken, rest };
}

interface LostSearch {
  readonly counter: UnitCounter;
  readonly windows: Windows;
  readonly value: number;
  readonly taken: Uint32Array;
}

/**
 * The add `lost` completed before a read began that saw less than `value`, and all numbers below
 * `value` are taken. Back from there, by adds that had to be taken no later than it, down to the
 * last number that was taken by one which had more time: since then none of them had begun.
 */
function findLost({ counter, windows, value, taken }: LostSearch, lost: number): CounterConflict {
  const { columns } = counter;
  const below = windows.latest[value] ?? -1;
  const limit = callOf(columns, below);
  const adds = [lost];
  let at = value - 1;
  for (; at >= 1; at -= 1) {
    const row = taken[at - 1] ?? 0;
    if (returnOf(columns, row) >= limit) break;
    adds.push(row);
  }
  return { type: 'lost', below, above: at === 0 ? -1 : (windows.earliest[at] ?? -1), adds };
}

function emitOrder(counter: UnitCounter, { taken, rest }: Matching): Uint32Array {
  const { columns, reads, seen, top, idle } = counter;
  // Reads by what they saw, in the order of their invocation: a counting sort.
  const starts = new Int32Array(top + 2);
  for (const row of reads) starts[(seen[row] ?? 0) + 1] = (starts[(seen[row] ?? 0) + 1] ?? 0) + 1;
  for (let value = 1; value <= top + 1; value += 1) {
    // Each value has its add before its reads, so the places move on by one each.
    starts[value] = (starts[value] ?? 0) + (starts[value - 1] ?? 0) + (value <= top ? 1 : 0);
  }
  const order = new Uint32Array(reads.length + top + rest.length);
  for (let value = 1; value <= top; value += 1) {
    order[(starts[value] ?? 0) - 1] = taken[value - 1] ?? 0;
  }
  for (const row of reads) {
    const value = seen[row] ?? 0;
    order[starts[value] ?? 0] = row;
    starts[value] = (starts[value] ?? 0) + 1;
  }
  order.set(rest, reads.length + top);
  return insertFreeRows(columns, order, idle);
}

function callOf(columns: Columns, row: number): number {
  return row < 0 ? -1 : (columns.call[row] ?? 0);
}

function returnOf(columns: Columns, row: number): number {
  return row < 0 ? neverReturned : (columns.return[row] ?? 0);
}
