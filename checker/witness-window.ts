/**
 * The stretch of a history to look for a violation in: what came shortly before the return that no
 * order gets beyond, and what was still open when that stretch began.
 *
 * Works on columns; makes records only of what it gives out.
 */
import { type Columns, neverReturned, operationAt } from './columns.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { asOpen } from './witness-dependencies.ts';

export interface Window {
  /** Sorted by invocation. */
  readonly operations: readonly Operation[];
  /** Whether it begins with the history. */
  readonly isWhole: boolean;
}

/** How many rows were invoked before that position. */
export function countBefore(columns: Columns, position: number): number {
  let low = 0;
  let high = columns.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((columns.call[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The last `size` operations invoked before that position. Who returned later counts as open, for
 * what it rests on may have been cut off.
 */
export function windowBefore(
  columns: Columns,
  { position, size, model }: { position: number; size: number; model: Model },
): Window {
  const count = countBefore(columns, position);
  const start = Math.max(0, count - size);
  const operations = straddlers(columns, { start, size, model });
  for (let row = start; row < count; row += 1) operations.push(operationAt(columns, row));
  return {
    operations: operations.flatMap((operation) => cutAt(operation, position, model)),
    isWhole: start === 0,
  };
}

function cutAt(operation: Operation, position: number, model: Model): Operation[] {
  if (operation.return !== null && operation.return <= position) return [operation];
  return model.isObserver(operation) ? [] : [asOpen(operation)];
}

/**
 * What began earlier and had not returned. Of equal ones that never did, no more are of use than
 * there are operations in the window, and the first are as good as any.
 */
function straddlers(
  columns: Columns,
  { start, size, model }: { start: number; size: number; model: Model },
): Operation[] {
  const found: Operation[] = [];
  if (start === 0) return found;
  const from = columns.call[start] ?? 0;
  const merged = model.canonical?.(columns) ?? columns;
  const counts = new Map<string, number>();
  for (let row = 0; row < start; row += 1) {
    const end = columns.return[row] ?? neverReturned;
    if (end < from) continue;
    if (end === neverReturned) {
      const text = `${columns.f[row]} ${merged.argument[row]} ${merged.argument2[row]}`;
      const number = (counts.get(text) ?? 0) + 1;
      counts.set(text, number);
      if (number > 2 * size) continue;
    }
    found.push(operationAt(columns, row));
  }
  return found;
}

/** The rows of those ids, in order; one pass. */
export function rowsOfIds(columns: Columns, ids: ReadonlySet<number>): number[] {
  const rows: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    if (ids.has(columns.id[row] ?? 0)) rows.push(row);
  }
  return rows;
}

/**
 * An operation that wrote what this one saw: the last that had returned before, else the first.
 * Blind writers are preferred, for they rest on nothing themselves.
 */
export function findWriter(columns: Columns, seer: Operation, model: Model): Operation | null {
  const sees = model.touches?.(seer).sees ?? null;
  if (sees === null) return null;
  let best: Operation | null = null;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < columns.count; row += 1) {
    const operation = operationAt(columns, row);
    if (operation.id === seer.id) continue;
    const touches = model.touches?.(operation);
    if (touches?.writes !== sees) continue;
    const end = operation.return ?? neverReturned;
    const isEarlier = end < seer.call;
    // Earlier before later, blind before not, then the one that is nearest.
    const score =
      (isEarlier ? 4 : 0) + (touches.sees === null ? 2 : 0) + (isEarlier ? end : -end) / 2 ** 32;
    if (score <= bestScore) continue;
    best = operation;
    bestScore = score;
  }
  return best;
}
