/**
 * Zones: blocks of operations that every order must keep together, as two numbers each. [GK97]
 *
 * `first` is the earliest return in a block, `last` the latest invocation. Block a must precede
 * block b exactly when first(a) < last(b). A cycle of that relation always holds a cycle of two,
 * so it is enough to look for a pair; and when there is none, the blocks can be sorted.
 */
import { rowsSortedBy } from '../packed-sort.ts';

/** Typed columns, one row a block. */
export interface Zones {
  readonly first: Int32Array;
  readonly last: Int32Array;
}

/** Two blocks that must each precede the other. `outer` has the earlier first return. */
export interface ZoneConflict {
  readonly outer: number;
  readonly inner: number;
}

/** Finds a pair of blocks that must each precede the other, or null. O(n log n). */
export function findZoneConflict(zones: Zones): ZoneConflict | null {
  const forward = sortForward(zones);
  const overlap = findForwardOverlap(zones, forward);
  if (overlap !== null) return overlap;
  return findEnclosed(zones, forward);
}

/**
 * A block is forward when its value was certainly current from `first` to `last`. Two values at
 * one time cannot be. If any two forward blocks overlap, then two neighbours do.
 */
function findForwardOverlap(zones: Zones, forward: Uint32Array): ZoneConflict | null {
  for (let at = 1; at < forward.length; at += 1) {
    const outer = forward[at - 1] ?? 0;
    const inner = forward[at] ?? 0;
    if (lastOf(zones, outer) > firstOf(zones, inner)) return { outer, inner };
  }
  return null;
}

/** A backward block may be a single point in [last, first]; all of it must not lie in a zone. */
function findEnclosed(zones: Zones, forward: Uint32Array): ZoneConflict | null {
  for (let inner = 0; inner < zones.first.length; inner += 1) {
    if (isForward(zones, inner)) continue;
    const at = countBefore(zones, forward, lastOf(zones, inner)) - 1;
    const outer = at < 0 ? undefined : forward[at];
    if (outer !== undefined && firstOf(zones, inner) < lastOf(zones, outer)) {
      return { outer, inner };
    }
  }
  return null;
}

/**
 * The blocks in an order that real time allows; only for zones without a conflict.
 *
 * Each goes to its first return, but a backward block whose first return lies inside a forward
 * zone goes just before that zone.
 */
export function orderZones(zones: Zones): Uint32Array {
  const forward = sortForward(zones);
  const keys = new Float64Array(zones.first.length);
  for (let block = 0; block < keys.length; block += 1) {
    const first = firstOf(zones, block);
    keys[block] = 2 * first + 1;
    if (isForward(zones, block)) continue;
    const at = countBefore(zones, forward, first + 1) - 1;
    const zone = at < 0 ? undefined : forward[at];
    if (zone !== undefined && first < lastOf(zones, zone)) keys[block] = 2 * firstOf(zones, zone);
  }
  return rowsSortedBy(keys);
}

function sortForward(zones: Zones): Uint32Array {
  let count = 0;
  for (let block = 0; block < zones.first.length; block += 1) {
    if (isForward(zones, block)) count += 1;
  }
  const blocks = new Uint32Array(count);
  const keys = new Int32Array(count);
  let at = 0;
  for (let block = 0; block < zones.first.length; block += 1) {
    if (!isForward(zones, block)) continue;
    blocks[at] = block;
    keys[at] = firstOf(zones, block);
    at += 1;
  }
  return rowsSortedBy(keys).map((row) => blocks[row] ?? 0);
}

/** How many of the forward blocks have a first return before `position`. */
function countBefore(zones: Zones, forward: Uint32Array, position: number): number {
  let low = 0;
  let high = forward.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (firstOf(zones, forward[middle] ?? 0) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isForward(zones: Zones, block: number): boolean {
  return firstOf(zones, block) < lastOf(zones, block);
}

function firstOf(zones: Zones, block: number): number {
  return zones.first[block] ?? 0;
}

function lastOf(zones: Zones, block: number): number {
  return zones.last[block] ?? 0;
}
