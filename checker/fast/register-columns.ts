/**
 * The operations of one register as typed columns: the input of the near-linear algorithm.
 *
 * Values become small integers, 0 the initial one; a row is a position in the operations.
 */
import type { Operation } from '../history.ts';
import { registerEffect } from '../models/register-effect.ts';

/** The return of an operation that is open for ever. */
export const neverReturned = 0x7fffffff;

export const rowKind = {
  /** Tells nothing: an open read, or a cas that missed without saying what it found. */
  nothing: 0,
  write: 1,
  read: 2,
  cas: 3,
  contradiction: 4,
} as const;

export interface RegisterColumns {
  readonly count: number;
  readonly kind: Uint8Array;
  /** The value that a read saw or a cas expected; -1 for a write. */
  readonly sees: Int32Array;
  /** The value that a write or a cas wrote; -1 for a read. */
  readonly writes: Int32Array;
  readonly call: Int32Array;
  readonly return: Int32Array;
  readonly valueCount: number;
  /** Whether a cas missed without saying what it found. */
  readonly hasMiss: boolean;
}

/** `operations` are sorted by invocation. `init` is the key of the initial value. */
export function createRegisterColumns(
  operations: readonly Operation[],
  init: string,
): RegisterColumns {
  const count = operations.length;
  const ids = new Map<string, number>([[init, 0]]);
  const idOf = (value: string): number => {
    const known = ids.get(value);
    if (known !== undefined) return known;
    ids.set(value, ids.size);
    return ids.size - 1;
  };
  const kind = new Uint8Array(count);
  const sees = new Int32Array(count).fill(-1);
  const writes = new Int32Array(count).fill(-1);
  const call = new Int32Array(count);
  const returned = new Int32Array(count);
  let hasMiss = false;
  operations.forEach((operation, row) => {
    call[row] = operation.call;
    returned[row] = operation.return ?? neverReturned;
    const effect = registerEffect(operation);
    if (effect.type === 'miss') hasMiss = true;
    kind[row] = effect.type === 'miss' ? rowKind.nothing : rowKind[effect.type];
    if (effect.type === 'read') sees[row] = idOf(effect.seen);
    if (effect.type === 'cas') sees[row] = idOf(effect.expected);
    if (effect.type === 'cas' || effect.type === 'write') writes[row] = idOf(effect.written);
  });
  return {
    count,
    kind,
    sees,
    writes,
    call,
    return: returned,
    valueCount: ids.size,
    hasMiss,
  };
}
