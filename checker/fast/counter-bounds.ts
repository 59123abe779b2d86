/**
 * A counter with adds of several amounts, negative ones among them: bounds, and a lucky guess.
 *
 * A read saw all adds that completed before it began and any choice of those it overlapped, which
 * bounds what it can return. Outside of that is refused; inside, the orders of the invocations and
 * of the returns are tried; if neither fits, others may, and this does not decide. [GK97]
 */
import { type Columns, neverReturned, operationAt } from '../columns.ts';
import { describeOperation } from '../describe-operation.ts';
import type { FastInput, FastResult, Finding } from '../model.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import type { CounterNumbers } from './counter-numbers.ts';
import { coreOf } from './ranks.ts';

export function checkCounterBounds({ columns }: FastInput, numbers: CounterNumbers): FastResult {
  const byReturn = rowsSortedBy(columns.return);
  const begun = sumAlong(columns.call, null, numbers.amount);
  const ended = sumAlong(columns.return, byReturn, numbers.amount);
  for (let row = 0; row < columns.count; row += 1) {
    const seen = numbers.seen[row] ?? Number.NaN;
    if (Number.isNaN(seen)) continue;
    // Up to and with its return; and up to and without its invocation.
    const before = countUpTo(begun, (columns.return[row] ?? 0) + 1);
    const done = countUpTo(ended, columns.call[row] ?? 0);
    const least = (ended.up[done] ?? 0) + (begun.down[before] ?? 0);
    const most = (begun.up[before] ?? 0) + (ended.down[done] ?? 0);
    if (seen >= least && seen <= most) continue;
    const bounds = { least, most, isGrowing: begun.down[columns.count] === 0 };
    return { type: 'invalid', finding: describeOutside(columns, row, bounds) };
  }
  return guess(columns, numbers, byReturn);
}

interface Sums {
  /** Positions, ascending. */
  readonly positions: Int32Array;
  /** Of the first n rows, the sum of what is positive, and of what is negative. */
  readonly up: Float64Array;
  readonly down: Float64Array;
}

function sumAlong(at: Int32Array, order: Uint32Array | null, amount: Float64Array): Sums {
  const positions = new Int32Array(at.length);
  const up = new Float64Array(at.length + 1);
  const down = new Float64Array(at.length + 1);
  for (let index = 0; index < at.length; index += 1) {
    const row = order === null ? index : (order[index] ?? 0);
    const by = amount[row] ?? 0;
    positions[index] = at[row] ?? 0;
    up[index + 1] = (up[index] ?? 0) + Math.max(by, 0);
    down[index + 1] = (down[index] ?? 0) + Math.min(by, 0);
  }
  return { positions, up, down };
}

/** How many positions are smaller. */
function countUpTo({ positions }: Sums, limit: number): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((positions[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

interface Bounds {
  readonly least: number;
  readonly most: number;
  /** No amount is negative. */
  readonly isGrowing: boolean;
}

function describeOutside(columns: Columns, row: number, bounds: Bounds): Finding {
  const read = operationAt(columns, row);
  const isLow = typeof read.output === 'number' && read.output < bounds.least;
  const support: number[] = [];
  for (let other = 0; other < columns.count; other += 1) {
    const { f, call, tables } = columns;
    const isAdd = tables.functions[f[other] ?? 0] === 'add';
    // Those that had not completed before it help a read that is too high, not one too low.
    if (isAdd && (call[other] ?? 0) <= (read.return ?? 0)) support.push(other);
  }
  return {
    kind: isLow && bounds.isGrowing ? 'lost-update' : 'impossible-read',
    sentence:
      `${describeOperation(read)} returned ${read.output}; with what had been added before it ` +
      `began and what was being added until it returned, it can only be from ${bounds.least} ` +
      `to ${bounds.most}.`,
    core: coreOf(columns, [row], support),
  };
}

function guess(columns: Columns, numbers: CounterNumbers, byReturn: Uint32Array): FastResult {
  const isDone = (row: number): boolean => columns.return[row] !== neverReturned;
  const ended = byReturn.filter(isDone);
  const begun = Uint32Array.from(ended).sort();
  for (const order of [ended, begun]) {
    if (replays(order, numbers)) return { type: 'valid', order };
  }
  return { type: 'undecided', reason: 'adds of several amounts' };
}

function replays(order: Uint32Array, { amount, seen }: CounterNumbers): boolean {
  let value = 0;
  for (const row of order) {
    const saw = seen[row] ?? Number.NaN;
    if (!Number.isNaN(saw) && saw !== value) return false;
    value += amount[row] ?? 0;
  }
  return true;
}
