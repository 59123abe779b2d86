/**
 * A lock that hands out fencing tokens, and the store that they protect.
 *
 * A lease may end without a release, so two clients may both believe that they hold the lock:
 * mutual exclusion is not promised here. Promised is what makes that harmless: tokens only grow,
 * and the store never goes back to an older one.
 */
import { type Columns, neverReturned } from '../columns.ts';
import { describeValue } from '../describe-operation.ts';
import { decideFencedLock } from '../fast/fenced-lock.ts';
import { createFencedRows, fencedKind } from '../fast/fenced-rows.ts';
import type { Operation } from '../history.ts';
import { type BadRow, defineModel, type Model, type Replayer } from '../model.ts';

/** null: none yet. */
interface FencedState {
  /** The newest token that was granted. */
  readonly granted: number | null;
  /** The newest token that the store accepted. */
  readonly accepted: number | null;
}

/**
 * - `acquire` answers its fencing token, an integer: greater than all that were granted before.
 * - `release` takes the token or null, and promises nothing: the lease may have ended long ago.
 * - `write` takes [token, payload]. The answer false says that the store rejected it, which is
 *   always allowed; any other one that it was accepted, which it must not be once a greater
 *   token was. An equal one may write again.
 *
 * An open acquire got a token that nobody knows: it asserts nothing. That a token was granted
 * before somebody writes with it is not asserted: such a grant may be one of these.
 */
export function createFencedLock(): Model {
  return defineModel<FencedState>({
    name: 'fenced-lock',
    functions: ['acquire', 'release', 'write'],
    init: { granted: null, accepted: null },
    check: describeBad,
    findBad,
    step,
    stateKey: ({ granted, accepted }) => `${granted} ${accepted}`,
    isObserver: (operation) =>
      operation.f === 'release' ||
      (operation.f === 'acquire' && operation.return === null) ||
      (operation.f === 'write' && isRejected(operation)),
    describeState: ({ granted, accepted }) =>
      `newest token granted: ${granted ?? 'none'}, accepted: ${accepted ?? 'none'}`,
    replayer: replay,
    fast: decideFencedLock,
  });
}

function step(state: FencedState, operation: Operation): FencedState | undefined {
  if (operation.f === 'acquire') {
    if (operation.return === null) return state;
    const token = asToken(operation.output);
    if (token === null || (state.granted !== null && token <= state.granted)) return undefined;
    return { ...state, granted: token };
  }
  if (operation.f !== 'write' || isRejected(operation)) return state;
  const token = tokenOfWrite(operation.value);
  if (token === null) return undefined;
  if (state.accepted !== null && token < state.accepted) {
    // An open one may have been rejected.
    return operation.return === null ? state : undefined;
  }
  return { ...state, accepted: token };
}

function describeBad({ f, value, output, return: end }: Operation): string | null {
  if (f === 'acquire' && end !== null && asToken(output) === null) {
    return `an ok acquire answers its token, an integer, not ${describeValue(output)}`;
  }
  if (f === 'release' && value !== null && value !== undefined && asToken(value) === null) {
    return `a release takes the token, an integer, or null, not ${describeValue(value)}`;
  }
  if (f === 'write' && tokenOfWrite(value) === null) {
    return `a write takes [token, payload], the token an integer, not ${describeValue(value)}`;
  }
  return null;
}

/** `check` without a record for each row. */
function findBad(columns: Columns): BadRow | null {
  const { argument, argument2, tables } = columns;
  const isToken = (id: number): boolean => asToken(tables.values.valueOf(id)) !== null;
  for (let row = 0; row < columns.count; row += 1) {
    const f = tables.functions[columns.f[row] ?? 0];
    const first = argument[row] ?? 0;
    const isPair = (argument2[row] ?? -1) >= 0;
    if (f === 'acquire' && columns.return[row] !== neverReturned) {
      const isPlain = columns.outcome[row] === 0;
      if (!isPlain || !isToken(columns.output[row] ?? 0)) {
        return { row, message: 'an ok acquire answers its token, an integer' };
      }
    }
    if (f === 'release' && (isPair || (first !== 0 && !isToken(first)))) {
      return { row, message: 'a release takes the token, an integer, or null' };
    }
    if (f === 'write' && !(isPair && isToken(first))) {
      return { row, message: 'a write takes [token, payload], the token an integer' };
    }
  }
  return null;
}

function replay(columns: Columns): Replayer {
  const { kind, token } = createFencedRows(columns);
  let granted = Number.NEGATIVE_INFINITY;
  let accepted = Number.NEGATIVE_INFINITY;
  return (row) => {
    const value = token[row] ?? 0;
    if (kind[row] === fencedKind.grant) {
      if (value <= granted) return false;
      granted = value;
    } else if (kind[row] === fencedKind.accepted) {
      if (value < accepted) return false;
      accepted = value;
    } else if (kind[row] === fencedKind.openWrite) {
      accepted = Math.max(accepted, value);
    }
    return true;
  };
}

function isRejected(operation: Operation): boolean {
  return operation.return !== null && operation.output === false;
}

function asToken(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

function tokenOfWrite(value: unknown): number | null {
  return Array.isArray(value) && value.length === 2 ? asToken(value[0]) : null;
}
