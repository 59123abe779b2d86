/**
 * The rows of a fenced lock as two columns: what each comes to, and its token.
 */
import { type Columns, neverReturned } from '../columns.ts';

export const fencedKind = {
  /** Asserts nothing: a release, a rejected write, an acquire whose token nobody knows. */
  nothing: 0,
  grant: 1,
  accepted: 2,
  /** A write that may have been accepted, rejected, or lost. */
  openWrite: 3,
} as const;

export interface FencedRows {
  readonly kind: Uint8Array;
  readonly token: Float64Array;
}

export function createFencedRows(columns: Columns): FencedRows {
  const { count, argument, output, outcome, return: returned, tables } = columns;
  const kind = new Uint8Array(count);
  const token = new Float64Array(count);
  const rejected = tables.values.find(false);
  const acquire = tables.functions.indexOf('acquire');
  const write = tables.functions.indexOf('write');
  for (let row = 0; row < count; row += 1) {
    const f = columns.f[row];
    const isOpen = returned[row] === neverReturned;
    if (f === acquire && !isOpen) {
      kind[row] = fencedKind.grant;
      token[row] = Number(tables.values.valueOf(output[row] ?? 0));
    } else if (f === write) {
      token[row] = Number(tables.values.valueOf(argument[row] ?? 0));
      const isRejected = output[row] === rejected && outcome[row] === 0;
      if (isOpen) kind[row] = fencedKind.openWrite;
      else if (!isRejected) kind[row] = fencedKind.accepted;
    }
  }
  return { kind, token };
}
