/**
 * The order that the tokens give to the answered operations of a lock, and what contradicts it.
 */
import type { Columns } from '../columns.ts';
import type { LockRows } from './lock-rows.ts';
import type { LockToken } from './lock-tokens.ts';

export type SequenceConflict =
  /** Took over from a token although a greater one, not greater than its own, had followed. */
  | { readonly type: 'superseded'; readonly takeover: number; readonly between: LockToken }
  /** `first` comes before `second` in the order of tokens, but began when that had returned. */
  | { readonly type: 'inverted'; readonly first: number; readonly second: number };

export interface LockSequence {
  readonly conflict: SequenceConflict | null;
  /** Of the rows that come at that token or after it the one that returned first. */
  dueAt(token: LockToken): number;
}

/** `tokens` are those that are known to have been granted, by their size. */
export function createLockSequence(
  columns: Columns,
  rows: LockRows,
  tokens: readonly LockToken[],
): LockSequence {
  const sequence: number[] = [];
  const starts = new Map<LockToken, number>();
  let conflict: SequenceConflict | null = null;
  let previous: LockToken | null = null;
  for (const token of tokens) {
    const from = token.grant < 0 ? Number.NaN : (rows.named[token.grant] ?? 0);
    if (!Number.isNaN(from) && previous !== null && previous.token !== from) {
      conflict ??= { type: 'superseded', takeover: token.grant, between: previous };
    }
    starts.set(token, sequence.length);
    for (const row of [token.grant, token.release]) if (row >= 0) sequence.push(row);
    previous = token;
  }
  const due = firstReturns(columns, sequence);
  return {
    conflict: conflict ?? findInversion(columns, sequence),
    dueAt: (token) => due[starts.get(token) ?? 0] ?? 0,
  };
}

function findInversion(columns: Columns, sequence: readonly number[]): SequenceConflict | null {
  let first = -1;
  let latest = -1;
  for (const row of sequence) {
    if ((columns.return[row] ?? 0) < latest) return { type: 'inverted', first, second: row };
    const call = columns.call[row] ?? 0;
    if (call <= latest) continue;
    latest = call;
    first = row;
  }
  return null;
}

/** By position: of the rows from there on the one that returned first. */
function firstReturns({ return: returned }: Columns, sequence: readonly number[]): Int32Array {
  const first = new Int32Array(sequence.length);
  let best = -1;
  for (let at = sequence.length - 1; at >= 0; at -= 1) {
    const row = sequence[at] ?? 0;
    if (best < 0 || (returned[row] ?? 0) < (returned[best] ?? 0)) best = row;
    first[at] = best;
  }
  return first;
}
