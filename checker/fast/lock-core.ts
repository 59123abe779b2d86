/**
 * The few operations that show why a lock has no order, with what they rest on.
 *
 * A token that is used comes with its grant, and that with the one it was taken over from, and so
 * on. Where nobody knows who was granted it, whatever was not answered and might be it comes too:
 * nothing may be missing that would explain it.
 */
import { type Columns, neverReturned, operationAt } from '../columns.ts';
import type { Operation } from '../history.ts';
import { type LockRows, lockKind } from './lock-rows.ts';

export interface LockHistory {
  readonly columns: Columns;
  readonly rows: LockRows;
}

/** Sorted by invocation. */
export function coreOfLock(history: LockHistory, wanted: readonly number[]): Operation[] {
  const { columns, rows } = history;
  const grants = grantsOf(history);
  const core = new Set<number>();
  let isAnyUnknown = false;
  const open = [...wanted];
  for (let row = open.pop(); row !== undefined; row = open.pop()) {
    if (core.has(row)) continue;
    core.add(row);
    const named = rows.named[row] ?? 0;
    if (Number.isNaN(named)) continue;
    const grant = grants.get(named);
    if (grant === undefined) isAnyUnknown = true;
    else open.push(grant);
  }
  if (isAnyUnknown) for (const row of openBefore(history, core)) core.add(row);
  return [...core].sort((a, b) => a - b).map((row) => operationAt(columns, row));
}

/** By token the row that was granted it; the first one. */
function grantsOf({ columns, rows }: LockHistory): ReadonlyMap<number, number> {
  const grants = new Map<number, number>();
  for (let row = 0; row < columns.count; row += 1) {
    const granted = rows.granted[row] ?? 0;
    if (!Number.isNaN(granted) && !grants.has(granted)) grants.set(granted, row);
  }
  return grants;
}

/** Acquires and releases without an answer that began before the last of those returned. */
function openBefore({ columns, rows }: LockHistory, core: ReadonlySet<number>): number[] {
  const ends = [...core].map((row) => columns.return[row] ?? 0);
  const last = ends.filter((end) => end !== neverReturned).reduce((a, b) => Math.max(a, b), -1);
  const open: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    const kind = rows.kind[row];
    const isOfLock = kind === lockKind.acquire || kind === lockKind.release;
    if (!isOfLock || columns.return[row] !== neverReturned) continue;
    if ((columns.call[row] ?? 0) < last) open.push(row);
  }
  return open;
}
