/**
 * Operations that know their place in one growing number: fetch-and-adds, positions in a list.
 *
 * A row saw the number and moved it on by its `step`; one of step 0 only saw it. Places are ranks.
 * Where nobody is known to have moved it (a gap), an open operation must have: the gaps in order
 * take the open ones in the order of their invocation, for those have no return that could be
 * too early. Exact, unless steps differ and there are gaps.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { findRankConflict, type RankConflict, rowsByRank } from './ranks.ts';

export interface Sequence {
  readonly columns: Columns;
  /** NaN for a row without a place: open, or left out. Never negative. */
  readonly seen: Float64Array;
  /** By how much the row moves the number on; never negative. */
  readonly step: Float64Array;
  /** Rows that may fill a gap or not have happened, by invocation. */
  readonly fillers: readonly number[];
  /** Completed rows that move the number and whose place is behind all that are known. */
  readonly last: readonly number[];
  /** The step of every filler; null when they differ. */
  readonly unit: number | null;
}

export type SequenceConflict =
  | ({ readonly type: 'order' } & RankConflict)
  /** `row` saw a number that `first` had moved past before anybody could see it. */
  | { readonly type: 'overlap'; readonly first: number; readonly row: number }
  /** `row` saw a number that too few can have led to; `from` is the first that nobody saw. */
  | { readonly type: 'gap'; readonly row: number; readonly from: number };

export type SequenceResult =
  | { readonly type: 'ordered'; readonly order: Uint32Array }
  | { readonly type: 'conflict'; readonly conflict: SequenceConflict }
  | { readonly type: 'undecided' };

export function orderSequence(sequence: Sequence): SequenceResult {
  const { columns, seen, step, last } = sequence;
  const ranks = new Float64Array(columns.count);
  let top = 0;
  for (let row = 0; row < columns.count; row += 1) {
    const place = seen[row] ?? Number.NaN;
    ranks[row] = Number.isNaN(place) ? -1 : 2 * place + ((step[row] ?? 0) > 0 ? 1 : 0);
    if (place > top) top = place;
  }
  for (const row of last) ranks[row] = 2 * top + 2;
  const sorted = rowsByRank(ranks);
  const placed = sorted.subarray(0, sorted.length - last.length);
  const walk = walkSteps(sequence, placed);
  if (walk.overlap !== null) return { type: 'conflict', conflict: walk.overlap };
  const hasGaps = walk.gaps.length > 0;
  // With gaps the last ones need not be that, for they may be in one.
  const order = findRankConflict(columns, hasGaps ? placed : sorted, ranks);
  if (order !== null) return { type: 'conflict', conflict: { type: 'order', ...order } };
  if (!hasGaps) return { type: 'ordered', order: sorted };
  return last.length > 0 ? { type: 'undecided' } : fillGaps(sequence, sorted, walk.gaps);
}

/** Before the row at place `at` of the sorted ones, the number went from `from` to `to`. */
interface Gap {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

interface Walk {
  readonly overlap: (SequenceConflict & { readonly type: 'overlap' }) | null;
  readonly gaps: readonly Gap[];
}

function walkSteps({ seen, step }: Sequence, sorted: Uint32Array): Walk {
  const gaps: Gap[] = [];
  let end = 0;
  let mover = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const row = sorted[at] ?? 0;
    const place = seen[row] ?? 0;
    if (place < end) return { overlap: { type: 'overlap', first: mover, row }, gaps };
    if (place > end) gaps.push({ at, from: end, to: place });
    end = place + (step[row] ?? 0);
    if ((step[row] ?? 0) > 0) mover = row;
  }
  return { overlap: null, gaps };
}

function fillGaps(sequence: Sequence, sorted: Uint32Array, gaps: readonly Gap[]): SequenceResult {
  const { columns, fillers, step, unit } = sequence;
  const deadlines = earliestReturns(columns, sorted);
  const conflictAt = ({ at, from }: Gap): SequenceResult => ({
    type: 'conflict',
    conflict: { type: 'gap', row: deadlines[at] ?? 0, from },
  });
  if (unit === null) {
    const missing = gaps.reduce((sum, { from, to }) => sum + (to - from), 0);
    const available = fillers.reduce((sum, row) => sum + (step[row] ?? 0), 0);
    const last = gaps.at(-1);
    if (missing <= available || last === undefined) return { type: 'undecided' };
    const row = sorted[sorted.length - 1] ?? 0;
    return { type: 'conflict', conflict: { type: 'gap', row, from: last.from } };
  }
  const order: number[] = [];
  let taken = 0;
  let from = 0;
  for (const gap of gaps) {
    for (; from < gap.at; from += 1) order.push(sorted[from] ?? 0);
    const deadline = columns.return[deadlines[gap.at] ?? 0] ?? 0;
    for (let place = gap.from; place < gap.to; place += unit) {
      const filler = fillers[taken];
      if (filler === undefined) return conflictAt(gap);
      if ((columns.call[filler] ?? 0) > deadline) return conflictAt(gap);
      order.push(filler);
      taken += 1;
    }
  }
  for (; from < sorted.length; from += 1) order.push(sorted[from] ?? 0);
  return { type: 'ordered', order: Uint32Array.from(order) };
}

/** From each place on, the row that returned first. */
function earliestReturns(columns: Columns, sorted: Uint32Array): Int32Array {
  const earliest = new Int32Array(sorted.length);
  let best = -1;
  for (let at = sorted.length - 1; at >= 0; at -= 1) {
    const row = sorted[at] ?? 0;
    const bestReturn = best < 0 ? neverReturned : (columns.return[best] ?? 0);
    if (best < 0 || (columns.return[row] ?? 0) <= bestReturn) best = row;
    earliest[at] = best;
  }
  return earliest;
}

/**
 * What must stand with rows of a core so that they can have seen what they saw: whoever is known
 * to have moved the number before, and the open ones if some of them must have.
 */
export function supportOf(sequence: Sequence, named: readonly number[]): number[] {
  const { columns, seen, step, fillers } = sequence;
  const top = Math.max(0, ...named.map((row) => seen[row] || 0));
  const support: number[] = [];
  let reached = 0;
  for (let row = 0; row < columns.count; row += 1) {
    if ((step[row] ?? 0) === 0 || !((seen[row] ?? Number.NaN) < top)) continue;
    support.push(row);
    reached += step[row] ?? 0;
  }
  return reached < top ? [...support, ...fillers] : support;
}
