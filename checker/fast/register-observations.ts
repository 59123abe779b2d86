/**
 * Who wrote, saw and consumed each value of a register, and which open operations must have
 * happened because somebody saw what they wrote.
 */
import { neverReturned } from '../columns.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';
import type { Overwritten } from './register-overwritten.ts';

export type RegisterConflict =
  | { readonly type: 'contradiction'; readonly row: number }
  | { readonly type: 'unwritten'; readonly row: number }
  | { readonly type: 'double-cas'; readonly first: number; readonly second: number }
  /** `before` must precede `after`, but was invoked after that one had returned. */
  | { readonly type: 'order'; readonly before: number; readonly after: number }
  | { readonly type: 'cycle'; readonly row: number }
  | ({ readonly type: 'overwritten' } & Overwritten)
  | { readonly type: 'zones'; readonly outer: number; readonly inner: number };

/** Who wrote each value, who consumed it, and which open operations must have happened. */
export interface Observations {
  /** By value: how many may have written it. */
  readonly writerCount: Uint32Array;
  /** By value: the row that wrote it, -1 for none. */
  readonly writer: Int32Array;
  /** By value: a row that saw it, -1 for none. */
  readonly seenBy: Int32Array;
  /** By row: for an open operation that must have happened, a row that saw its value; else -1. */
  readonly forcedBy: Int32Array;
  /** By value: the cas that consumed it, -1 for none. */
  readonly consumer: Int32Array;
  /** The completed reads, grouped by value and by invocation within one. */
  readonly readers: Uint32Array;
  /** By value: where its readers begin; one more entry than values. */
  readonly readersStart: Uint32Array;
}

/** Groups readers by value and counts writers; nothing is closed over yet. */
export function createObservations(columns: RegisterColumns): Observations {
  const { count, valueCount, kind, sees, writes } = columns;
  const writerCount = new Uint32Array(valueCount);
  const writer = new Int32Array(valueCount).fill(-1);
  const readersStart = new Uint32Array(valueCount + 1);
  for (let row = 0; row < count; row += 1) {
    const written = writes[row] ?? -1;
    if (written >= 0) {
      writerCount[written] = (writerCount[written] ?? 0) + 1;
      writer[written] = row;
    }
    if (kind[row] === rowKind.read) {
      const after = (sees[row] ?? 0) + 1;
      readersStart[after] = (readersStart[after] ?? 0) + 1;
    }
  }
  for (let value = 0; value < valueCount; value += 1) {
    readersStart[value + 1] = (readersStart[value + 1] ?? 0) + (readersStart[value] ?? 0);
  }
  const readers = new Uint32Array(readersStart[valueCount] ?? 0);
  const fill = readersStart.slice();
  for (let row = 0; row < count; row += 1) {
    if (kind[row] !== rowKind.read) continue;
    const value = sees[row] ?? 0;
    readers[fill[value] ?? 0] = row;
    fill[value] = (fill[value] ?? 0) + 1;
  }
  return {
    writerCount,
    writer,
    seenBy: new Int32Array(valueCount).fill(-1),
    forcedBy: new Int32Array(count).fill(-1),
    consumer: new Int32Array(valueCount).fill(-1),
    readers,
    readersStart,
  };
}

export type Closure =
  | { readonly type: 'closed' }
  | { readonly type: 'ambiguous' }
  | { readonly type: 'unwritten'; readonly row: number };

/**
 * Marks what somebody saw. An open write of such a value must have happened; an open cas of such
 * a value too, and so somebody wrote what that one expected.
 */
export function closeOverSeenValues(columns: RegisterColumns, observations: Observations): Closure {
  const { count, kind, sees, return: returned } = columns;
  const { seenBy, writerCount, writer, forcedBy } = observations;
  const pending: number[] = [];
  let ambiguous = false;
  const see = (value: number, row: number): void => {
    if ((seenBy[value] ?? 0) >= 0) return;
    seenBy[value] = row;
    // Of most values one completed write is known, which tells nothing more.
    const by = writer[value] ?? 0;
    const isPlain = value !== 0 && writerCount[value] === 1 && returned[by] !== neverReturned;
    if (!isPlain) pending.push(value);
  };
  for (let row = 0; row < count; row += 1) {
    if (returned[row] === neverReturned) continue;
    if (kind[row] === rowKind.read || kind[row] === rowKind.cas) see(sees[row] ?? 0, row);
  }
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    const row = seenBy[value] ?? 0;
    const writers = (writerCount[value] ?? 0) + (value === 0 ? 1 : 0);
    if (writers === 0) return { type: 'unwritten', row };
    if (writers > 1) ambiguous = true;
    if (writers > 1 || value === 0) continue;
    const by = writer[value] ?? 0;
    if (returned[by] !== neverReturned) continue;
    forcedBy[by] = row;
    if (kind[by] === rowKind.cas) see(sees[by] ?? 0, by);
  }
  return { type: ambiguous ? 'ambiguous' : 'closed' };
}

/** Two cas that both succeeded from one value: an update was lost. */
export function findConsumers(
  columns: RegisterColumns,
  observations: Observations,
): RegisterConflict | null {
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.kind[row] !== rowKind.cas || !happened(columns, observations, row)) continue;
    const value = columns.sees[row] ?? 0;
    const other = observations.consumer[value] ?? -1;
    if (other >= 0) return { type: 'double-cas', first: other, second: row };
    observations.consumer[value] = row;
  }
  return null;
}

/** Whether the operation completed, or is open and somebody saw its effect. */
export function happened(
  columns: RegisterColumns,
  observations: Observations,
  row: number,
): boolean {
  return columns.return[row] !== neverReturned || (observations.forcedBy[row] ?? -1) >= 0;
}
