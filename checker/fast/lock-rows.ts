/**
 * The rows of a lock with fencing tokens as columns: what each comes to, and its tokens.
 */
import { type Columns, neverReturned } from '../columns.ts';

export const lockKind = { acquire: 0, release: 1, accepted: 2, rejected: 3, openWrite: 4 } as const;

export interface LockRows {
  readonly kind: Uint8Array;
  /** Of an acquire the token to take over from; of the others theirs. NaN: none. */
  readonly named: Float64Array;
  /** Of an acquire what it was granted; NaN: nobody knows, and for the others. */
  readonly granted: Float64Array;
}

export function createLockRows(columns: Columns): LockRows {
  const { count, argument, output, outcome, return: returned, tables } = columns;
  const kind = new Uint8Array(count);
  const named = new Float64Array(count);
  const granted = new Float64Array(count).fill(Number.NaN);
  const { values } = tables;
  const rejected = values.find(false);
  const acquire = tables.functions.indexOf('acquire');
  const release = tables.functions.indexOf('release');
  for (let row = 0; row < count; row += 1) {
    const f = columns.f[row];
    const isOpen = returned[row] === neverReturned;
    const value = values.valueOf(argument[row] ?? 0);
    named[row] = typeof value === 'number' ? value : Number.NaN;
    if (f === acquire) {
      kind[row] = lockKind.acquire;
      if (!isOpen) granted[row] = Number(values.valueOf(output[row] ?? 0));
    } else if (f === release) {
      kind[row] = lockKind.release;
    } else if (isOpen) {
      kind[row] = lockKind.openWrite;
    } else {
      const isRejected = output[row] === rejected && outcome[row] === 0;
      kind[row] = isRejected ? lockKind.rejected : lockKind.accepted;
    }
  }
  return { kind, named, granted };
}
