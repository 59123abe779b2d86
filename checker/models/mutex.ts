/**
 * A lock that one holder at a time has: free or held, and nothing else.
 *
 * It has no owner: any release may follow any acquire, as in Knossos. For clients that release
 * only what they acquired the two come to the same, since whoever releases must have acquired
 * before, and so must be the one who holds it. Only a release by somebody who never acquired is
 * allowed more: it may end an acquire that crashed.
 */

import type { Columns } from '../columns.ts';
import { decideMutex } from '../fast/mutex.ts';
import { createMutexRows, mutexKind } from '../fast/mutex-rows.ts';
import type { Operation } from '../history.ts';
import { defineModel, type Model, type Replayer } from '../model.ts';

type MutexState = 'free' | 'held';

/**
 * - `acquire`: the answer false says that it was held and not granted; any other, that it was.
 * - `release`: the answer false says that it was refused, because nobody held it; any other,
 *   that the lock was held and is free now.
 *
 * An open one may have taken effect, or not.
 */
export function createMutex(): Model {
  return defineModel<MutexState>({
    name: 'mutex',
    functions: ['acquire', 'release'],
    init: 'free',
    step,
    stateKey: (state) => state,
    isObserver: isRefused,
    describeState: (state) => state,
    replayer: replay,
    fast: decideMutex,
  });
}

function step(state: MutexState, operation: Operation): MutexState | undefined {
  // A refused acquire found it held; a granted one found it free. A release is the reverse.
  const refused = isRefused(operation);
  const needed = (operation.f === 'acquire') === refused ? 'held' : 'free';
  if (state !== needed) return undefined;
  if (refused) return state;
  return state === 'free' ? 'held' : 'free';
}

function isRefused(operation: Operation): boolean {
  return operation.return !== null && operation.output === false;
}

function replay(columns: Columns): Replayer {
  const kinds = createMutexRows(columns);
  let held = false;
  return (row) => {
    const kind = kinds[row];
    if (held !== (kind === mutexKind.release || kind === mutexKind.sawHeld)) return false;
    if (kind === mutexKind.acquire || kind === mutexKind.release) held = !held;
    return true;
  };
}
