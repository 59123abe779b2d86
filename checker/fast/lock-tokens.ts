/**
 * What a history says of each token of a lock: who was granted it, and who ended its time.
 *
 * Tokens only grow, so each holds the lock for one stretch of time, which one operation begins and
 * at most one ends.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { type LockRows, lockKind } from './lock-rows.ts';

/** Rows; -1: none. */
export interface LockToken {
  readonly token: number;
  /** The acquire that was answered with it. */
  grant: number;
  /** Of those that were answered. */
  release: number;
  takeover: number;
  /** Of those without an answer, the one that began first. */
  openRelease: number;
  openTakeover: number;
}

/** Two rows of which each alone may be right. */
export type TokenConflict =
  | { readonly type: 'reuse'; readonly rows: readonly [number, number] }
  /** Both released it, or took it over, or one did each. */
  | { readonly type: 'ended-twice'; readonly rows: readonly [number, number] }
  /** Took over from a token that is not smaller than the one that it got. */
  | { readonly type: 'regression'; readonly row: number };

export interface LockTokens {
  readonly tokens: ReadonlyMap<number, LockToken>;
  /** Acquires of a free lock that were not answered, by invocation. */
  readonly openAcquires: readonly number[];
  /** The first one that was seen. */
  readonly conflict: TokenConflict | null;
}

/** Whether an operation that was answered shows that the token was granted. */
export function isKnown({ grant, release, takeover }: LockToken): boolean {
  return grant >= 0 || release >= 0 || takeover >= 0;
}

export function collectTokens(columns: Columns, rows: LockRows): LockTokens {
  const tokens = new Map<number, LockToken>();
  const openAcquires: number[] = [];
  let conflict: TokenConflict | null = null;
  for (let row = 0; row < columns.count; row += 1) {
    const kind = rows.kind[row] ?? 0;
    if (kind !== lockKind.acquire && kind !== lockKind.release) continue;
    const named = rows.named[row] ?? 0;
    if (Number.isNaN(named)) {
      if (columns.return[row] === neverReturned) openAcquires.push(row);
    } else {
      conflict ??= end(tokenAt(tokens, named), row, { columns, rows });
    }
    const granted = rows.granted[row] ?? 0;
    if (Number.isNaN(granted)) continue;
    const token = tokenAt(tokens, granted);
    if (token.grant >= 0) conflict ??= { type: 'reuse', rows: [token.grant, row] };
    else if (granted <= named) conflict ??= { type: 'regression', row };
    token.grant = row;
  }
  return { tokens, openAcquires, conflict };
}

function tokenAt(tokens: Map<number, LockToken>, token: number): LockToken {
  const known = tokens.get(token);
  if (known !== undefined) return known;
  const none = { grant: -1, release: -1, takeover: -1, openRelease: -1, openTakeover: -1 };
  const fresh = { token, ...none };
  tokens.set(token, fresh);
  return fresh;
}

interface Source {
  readonly columns: Columns;
  readonly rows: LockRows;
}

function end(token: LockToken, row: number, { columns, rows }: Source): TokenConflict | null {
  const isRelease = rows.kind[row] === lockKind.release;
  if (columns.return[row] === neverReturned) {
    if (isRelease && token.openRelease < 0) token.openRelease = row;
    if (!isRelease && token.openTakeover < 0) token.openTakeover = row;
    return null;
  }
  const before = Math.max(token.release, token.takeover);
  if (isRelease) token.release = row;
  else token.takeover = row;
  return before < 0 ? null : { type: 'ended-twice', rows: [before, row] };
}
