/**
 * Operations whose place in every order is forced to be a rank; equal ranks are free of each other.
 *
 * Such a history is linearizable exactly when nobody returned before an operation of a smaller rank
 * was invoked. Here too: how orders that are right by themselves become one order, and records for
 * the few rows of a core. Decides nothing about any type. [HW90]
 */
import { type Columns, operationAt } from '../columns.ts';
import type { Operation } from '../history.ts';
import { rowsSortedBy } from '../packed-sort.ts';

export type Spans = Pick<Columns, 'count' | 'call' | 'return'>;

/** `larger` returned before `smaller` was invoked, though its rank is the larger one. */
export interface RankConflict {
  readonly smaller: number;
  readonly larger: number;
}

/**
 * With more supporting operations than this a core is no explanation: it then holds only those
 * that the sentence names.
 */
const supportMax = 64;

/** The rows with a rank (one that is not negative), by rank and then by invocation. */
export function rowsByRank(ranks: Float64Array): Uint32Array {
  let without = 0;
  for (const rank of ranks) if (rank < 0) without += 1;
  return rowsSortedBy(ranks).subarray(without);
}

/** Looks at rows that `rowsByRank` has sorted. */
export function findRankConflict(
  spans: Spans,
  sorted: Uint32Array,
  ranks: Float64Array,
): RankConflict | null {
  let latest = -1;
  let latestCall = -1;
  for (let from = 0; from < sorted.length; ) {
    const rank = ranks[sorted[from] ?? 0] ?? 0;
    let to = from;
    // All of a rank are tested before any of them counts: they are free of each other.
    for (; to < sorted.length && ranks[sorted[to] ?? 0] === rank; to += 1) {
      const row = sorted[to] ?? 0;
      if ((spans.return[row] ?? 0) < latestCall) return { smaller: latest, larger: row };
    }
    for (; from < to; from += 1) {
      const row = sorted[from] ?? 0;
      if ((spans.call[row] ?? 0) <= latestCall) continue;
      latest = row;
      latestCall = spans.call[row] ?? 0;
    }
  }
  return null;
}

/**
 * The latest invocation up to each place of an order that keeps real time.
 *
 * Orders of objects that are independent of each other, merged by it, keep real time too. Say y
 * stands before x, of another object, and x returned before y began. Then the key of x is at most
 * its return, that is before the invocation of y, that is at most the key of y: y stands behind.
 */
export function latestCalls(spans: Spans, order: Uint32Array): Int32Array {
  const latest = new Int32Array(order.length);
  let call = -1;
  for (let at = 0; at < order.length; at += 1) {
    call = Math.max(call, spans.call[order[at] ?? 0] ?? 0);
    latest[at] = call;
  }
  return latest;
}

/** An order that keeps real time with rows put in that may stand anywhere real time lets them. */
export function insertFreeRows(
  spans: Spans,
  order: Uint32Array,
  free: readonly number[],
): Uint32Array {
  if (free.length === 0) return order;
  const latest = latestCalls(spans, order);
  const merged = new Uint32Array(order.length + free.length);
  let at = 0;
  let taken = 0;
  for (const row of free) {
    const call = spans.call[row] ?? 0;
    while (at < order.length && (latest[at] ?? 0) <= call) {
      merged[taken] = order[at] ?? 0;
      at += 1;
      taken += 1;
    }
    merged[taken] = row;
    taken += 1;
  }
  merged.set(order.subarray(at), taken);
  return merged;
}

/**
 * The named rows as records, sorted by invocation, with those that support them: writers of what
 * they saw, without which they would be impossible for a reason that is not the history's.
 */
export function coreOf(
  columns: Columns,
  named: Iterable<number>,
  support: Iterable<number> = [],
): Operation[] {
  const rows = new Set(named);
  const supported = new Set(rows);
  for (const row of support) {
    supported.add(row);
    if (supported.size > rows.size + supportMax) break;
  }
  const kept = supported.size > rows.size + supportMax ? rows : supported;
  return [...kept].sort((a, b) => a - b).map((row) => operationAt(columns, row));
}
