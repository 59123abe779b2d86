/**
 * The ways in which one miss can have found another value than the one that a mutator left.
 *
 * Together they are all there are, so that a miss for which none holds proves a violation: it
 * stood before the mutator, or after what came next. That was the cas which took the value, or,
 * at the end of a chain, another chain or an open operation that nobody saw.
 */
import { none } from '../columns.ts';
import { consumerAfter, type MissSetup } from './register-miss-setup.ts';
import type { MissState } from './register-miss-state.ts';

/** A miss, and a mutator that left the value which the miss expected; -1: the initial value. */
export interface Demand {
  readonly miss: number;
  readonly mutator: number;
}

/** Where a miss stood: between its invocation and its return, or at a point of these. */
export interface Stretch {
  readonly low: number;
  readonly high: number;
}

/** Puts one way into the state; false when no order is left with it. */
export type Choice = (state: MissState) => boolean;

/** How many invocations before the miss's return are looked through for chains at first. */
const nearbyRows = 400;

export function* choicesFor(
  state: MissState,
  demand: Demand,
  { low, high }: Stretch,
): Generator<Choice> {
  const { mutator } = demand;
  const block = state.blockOf(mutator);
  if (mutator >= 0) yield (at) => at.raise(mutator, low);
  let next = consumerAfter(state.setup, mutator);
  if (next < 0) next = state.appendedTo(mutator, block);
  if (next >= 0) {
    const taker = next;
    yield (at) => at.lower(taker, high);
    return;
  }
  yield* helpersNearby(state, block, high);
  for (const row of casBehind(state, mutator)) {
    yield (at) => at.append(row, block) && at.lower(row, high);
  }
  const { nearby, fromRow } = chainsNearby(state, block, high);
  for (const other of nearby) yield* chainsInOrder(state, { block, other, high });
  yield* helpersBetween(state, block, high);
  yield* testedHelpers(state, mutator, high);
  for (const other of chainsBefore(state, { block, high, row: fromRow })) {
    yield* chainsInOrder(state, { block, other, high });
  }
}

/**
 * Of the writes whose value nobody tests and which were invoked so early that it binds nothing,
 * the last one: it can take the place of any other of them, and that one its place if it had one.
 */
function* helpersNearby(state: MissState, block: number, high: number): Generator<Choice> {
  const { untested } = state.setup.helpers;
  const bound = state.zones.last[block] ?? none;
  let at = countBefore(state.setup, untested, bound) - 1;
  while (at >= 0 && state.isPart(untested[at] ?? 0)) at -= 1;
  if (at >= 0) yield* writesBehind(state, { block, row: untested[at] ?? 0, high });
}

function* helpersBetween(state: MissState, block: number, high: number): Generator<Choice> {
  const { untested } = state.setup.helpers;
  const start = countBefore(state.setup, untested, state.zones.last[block] ?? none);
  const end = countBefore(state.setup, untested, high);
  for (let at = start; at < end; at += 1) {
    const row = untested[at] ?? 0;
    if (!state.isPart(row)) yield* writesBehind(state, { block, row, high });
  }
}

/** Writes of values that some miss expects: not of the one that this one did not find. */
function* testedHelpers(state: MissState, mutator: number, high: number): Generator<Choice> {
  const { tested } = state.setup.helpers;
  const block = state.blockOf(mutator);
  const value = state.valueAfter(mutator);
  for (let at = countBefore(state.setup, tested, high) - 1; at >= 0; at -= 1) {
    const row = tested[at] ?? 0;
    if (state.isPart(row) || state.valueAfter(row) === value) continue;
    yield* writesBehind(state, { block, row, high });
  }
}

/** Open cas that expect the value. They serve nowhere else, so they are not compared further. */
function casBehind(state: MissState, mutator: number): readonly number[] {
  const waiting = state.setup.helpers.casByExpected.get(state.valueAfter(mutator)) ?? [];
  return waiting.filter((row) => !state.isPart(row));
}

function* writesBehind(
  state: MissState,
  { block, row, high }: { readonly block: number; readonly row: number; readonly high: number },
): Generator<Choice> {
  const call = state.setup.columns.call[row] ?? 0;
  const other = { first: high, last: call };
  for (const between of waysToPrecede(state, block, other)) {
    yield (at) => {
      if (!at.activate(row, high)) return false;
      return between === null || separate(at, { block, other: at.blockOf(row), ...between });
    };
  }
}

interface ChainPair {
  readonly block: number;
  readonly other: number;
  readonly high: number;
}

/** The other chain begins after the one, and before the position. */
function* chainsInOrder(state: MissState, { block, other, high }: ChainPair): Generator<Choice> {
  const root = state.rootOf(other);
  const { first, last } = state.zones;
  const narrowed = {
    first: Math.min(first[other] ?? 0, high),
    last: last[other] ?? 0,
  };
  for (const between of waysToPrecede(state, block, narrowed)) {
    yield (at) => {
      if (!at.lower(root, high)) return false;
      return between === null || separate(at, { block, other, ...between });
    };
  }
}

interface Separation {
  /** The one returned by then, unless it is null. */
  readonly before: number | null;
  /** The other began by then at the earliest, unless it is null. */
  readonly after: number | null;
}

interface Zone {
  readonly first: number;
  readonly last: number;
}

/**
 * How one chain comes before another; null where it must anyway.
 *
 * A forward chain certainly held the register from `first` to `last`: what comes after it comes
 * after all that lies before its `first`, so the other chain may be raised beyond that, and
 * likewise on the other side. Between two that are not forward there is some moment; all moments
 * at which it can be are tried.
 */
function* waysToPrecede(
  { zones }: MissState,
  block: number,
  other: Zone,
): Generator<Separation | null> {
  const first = zones.first[block] ?? 0;
  const last = zones.last[block] ?? 0;
  if (other.first < last) return;
  if (first < other.last) yield null;
  else if (first < last) yield { before: null, after: first + 1 };
  else if (other.first < other.last) yield { before: other.last - 1, after: null };
  else {
    const low = Math.max(0, 2 * Math.ceil((Math.max(last, other.last) - 1) / 2));
    const high = 2 * Math.floor(Math.min(first, other.first) / 2);
    if (low > high) return;
    yield { before: high, after: high + 1 };
    for (let at = low; at < high; at += 2) yield { before: at, after: at + 1 };
  }
}

function separate(
  state: MissState,
  pair: Separation & { readonly block: number; readonly other: number },
): boolean {
  const { block, other, before, after } = pair;
  if (before !== null && !state.zones.lowerFirst(block, before)) return false;
  return after === null || state.zones.raiseLast(other, after);
}

/** Chains that may have begun between: those that began late, the first to return first. */
function chainsNearby(
  state: MissState,
  block: number,
  high: number,
): { readonly nearby: readonly number[]; readonly fromRow: number } {
  const { zones, setup } = state;
  const nearby: number[] = [];
  let row = countCallsBefore(setup, high) - 1;
  const stop = Math.max(-1, row - nearbyRows);
  for (; row > stop; row -= 1) {
    const other = beginsChain(state, row);
    if (other >= 0 && other !== block && mayFollow(state, block, other)) nearby.push(other);
  }
  nearby.sort((a, b) => (zones.first[a] ?? 0) - (zones.first[b] ?? 0));
  return { nearby, fromRow: row };
}

function* chainsBefore(
  state: MissState,
  { block, row }: { readonly block: number; readonly high: number; readonly row: number },
): Generator<number> {
  for (let at = row; at >= 0; at -= 1) {
    const other = beginsChain(state, at);
    if (other >= 0 && other !== block && mayFollow(state, block, other)) yield other;
  }
}

/** The chain that begins with the row, -1 for none. */
function beginsChain(state: MissState, row: number): number {
  const block = state.blockOf(row);
  return block >= 0 && state.rootOf(block) === row ? block : none;
}

function mayFollow({ zones }: MissState, block: number, other: number): boolean {
  return (zones.first[other] ?? 0) >= (zones.last[block] ?? 0);
}

/** How many of the rows, which are sorted by invocation, were invoked before the position. */
function countBefore({ columns }: MissSetup, rows: readonly number[], position: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.call[rows[middle] ?? 0] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countCallsBefore({ columns }: MissSetup, position: number): number {
  let low = 0;
  let high = columns.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.call[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
