/**
 * A lock without an end of its own, which hands out fencing tokens, and the store they protect.
 *
 * It is held until its holder releases it, or until somebody takes it over who names the holder's
 * token: nobody else gets it meanwhile. (Where a lease may end by itself that is not promised:
 * fenced-lock.) The lock and the store do not know of each other.
 */

import { describeValue } from '../describe-operation.ts';
import { decideLock } from '../fast/lock.ts';
import type { Operation } from '../history.ts';
import { defineModel, type Model } from '../model.ts';

/** null: none. */
interface LockState {
  /** The token that holds it; `unknown` is one above `last`, of an acquire without an answer. */
  readonly holder: number | 'unknown' | null;
  /** The newest token that is known to have been granted. */
  readonly last: number | null;
  /** The newest token that the store accepted. */
  readonly accepted: number | null;
}

/**
 * - `acquire` takes null, for which the lock must be free, or the token of the holder to take it
 *   over from. It answers its own token, an integer above all that were granted before.
 * - `release` takes the token, which must hold the lock.
 * - `write` takes [token, payload]. The answer false says that the store rejected it, for a
 *   greater token had written; any other one, that none had.
 *
 * What was refused is a `fail`. An open acquire got a token that nobody knows until somebody
 * names it: any number above the last one may turn out to be it. Nobody needs a token to write:
 * whether it was granted is no matter of the store.
 */
export function createLock(): Model {
  return defineModel<LockState>({
    name: 'lock',
    functions: ['acquire', 'release', 'write'],
    init: { holder: null, last: null, accepted: null },
    check: describeBad,
    step,
    stateKey: ({ holder, last, accepted }) => `${holder} ${last} ${accepted}`,
    isObserver: isRejected,
    describeState: ({ holder, last, accepted }) =>
      `${describeHolder(holder, last)}; newest token accepted: ${accepted ?? 'none'}`,
    fast: decideLock,
  });
}

function step(state: LockState, operation: Operation): LockState | undefined {
  if (operation.f === 'write') return write(state, operation);
  const token = asToken(operation.value);
  const found = token === null ? asFree(state) : heldBy(state, token);
  if (found === undefined) return undefined;
  if (operation.f === 'release') return { ...found, holder: null };
  if (operation.return === null) return { ...found, holder: 'unknown' };
  const granted = asToken(operation.output);
  if (granted === null || (found.last !== null && granted <= found.last)) return undefined;
  return { ...found, holder: granted, last: granted };
}

function asFree(state: LockState): LockState | undefined {
  return state.holder === null ? state : undefined;
}

/** The same, where that token is the one that nobody knew until now. */
function heldBy(state: LockState, token: number): LockState | undefined {
  const { holder, last } = state;
  if (holder === token) return state;
  if (holder !== 'unknown' || (last !== null && token <= last)) return undefined;
  return { ...state, holder: token, last: token };
}

function write(state: LockState, operation: Operation): LockState | undefined {
  const token = Array.isArray(operation.value) ? asToken(operation.value[0]) : null;
  if (token === null) return undefined;
  const isOver = state.accepted !== null && token < state.accepted;
  if (isRejected(operation)) return isOver ? state : undefined;
  if (!isOver) return { ...state, accepted: token };
  // An open one may have been rejected.
  return operation.return === null ? state : undefined;
}

function describeBad({ f, value, output, return: end }: Operation): string | null {
  const isNone = value === null || value === undefined;
  if (f === 'acquire' && !isNone && asToken(value) === null) {
    return `an acquire takes null or the holder's token, not ${describeValue(value)}`;
  }
  if (f === 'acquire' && end !== null && asToken(output) === null) {
    return `an ok acquire answers its token, an integer, not ${describeValue(output)}`;
  }
  if (f === 'release' && asToken(value) === null) {
    return `a release takes the token, an integer, not ${describeValue(value)}`;
  }
  if (f === 'release' && end !== null && output === false) {
    return 'a release that was refused is a fail, not an ok that answers false';
  }
  const isWrite = Array.isArray(value) && value.length === 2 && asToken(value[0]) !== null;
  if (f === 'write' && !isWrite) {
    return `a write takes [token, payload], the token an integer, not ${describeValue(value)}`;
  }
  return null;
}

function describeHolder(holder: LockState['holder'], last: number | null): string {
  if (holder === 'unknown') return `held by a token above ${last ?? 'none'} that nobody knows`;
  if (holder !== null) return `held by token ${holder}`;
  return last === null ? 'free, never held' : `free since token ${last}`;
}

function isRejected({ f, output, return: end }: Operation): boolean {
  return f === 'write' && end !== null && output === false;
}

function asToken(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}
