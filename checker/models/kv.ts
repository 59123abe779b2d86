/**
 * One key of a key-value store: a value that is read, replaced, made longer, and deleted.
 *
 * Each key is an object of its own. The state is the value itself; null is an absent one.
 */

import { type Columns, neverReturned, none } from '../columns.ts';
import { describeValue } from '../describe-operation.ts';
import { decideKv } from '../fast/kv.ts';
import type { Operation } from '../history.ts';
import { type BadRow, defineModel, type Model, type Replayer, replayByStep } from '../model.ts';
import { valueKey } from '../value-key.ts';
import { absentValue } from '../values.ts';

/**
 * - `get` answers the value, null when there is none.
 * - `put` takes the new value, whatever JSON can say. null is the same as a delete.
 * - `append` takes a text and puts it behind the value; where there is none it becomes the value.
 *   A value that is not a text has no append.
 * - `delete` leaves no value.
 *
 * What `put`, `append` and `delete` answer does not matter.
 */
export function createKv(): Model {
  return defineModel<unknown>({
    name: 'kv',
    functions: ['get', 'put', 'append', 'delete'],
    init: null,
    check: describeBad,
    findBad,
    step,
    stateKey: valueKey,
    isObserver: ({ f }) => f === 'get',
    describeState: (state) => (state === null ? 'absent' : describeValue(state)),
    replayer: replay,
    fast: decideKv,
  });
}

function step(state: unknown, operation: Operation): unknown {
  switch (operation.f) {
    case 'get':
      if (operation.return === null) return state;
      return valueKey(operation.output) === valueKey(state) ? state : undefined;
    case 'put':
      return operation.value ?? null;
    case 'append':
      return append(state, operation.value);
    default:
      return null;
  }
}

/** undefined when it is not possible. */
function append(state: unknown, piece: unknown): string | undefined {
  if (typeof piece !== 'string') return undefined;
  if (state === null) return piece;
  return typeof state === 'string' ? state + piece : undefined;
}

const badAppend = 'an append takes a text as its value';

function describeBad({ f, value }: Operation): string | null {
  return f === 'append' && typeof value !== 'string' ? badAppend : null;
}

/** `check` without a record for each row. */
function findBad({ count, f, argument, argument2, tables }: Columns): BadRow | null {
  const appends = tables.functions.indexOf('append');
  for (let row = 0; row < count; row += 1) {
    if (f[row] !== appends) continue;
    const isPair = (argument2[row] ?? none) !== none;
    const isText = typeof tables.values.valueOf(argument[row] ?? absentValue) === 'string';
    if (isPair || !isText) return { row, message: badAppend };
  }
  return null;
}

function replay(columns: Columns): Replayer {
  const { f, argument, argument2, output, outcome, tables } = columns;
  // A value in two columns, or an answer that looks like a cas's: rare, and not worth more.
  const isPlain = argument2.every((id) => id === none) && outcome.every((told) => told === 0);
  if (!isPlain) return replayByStep(columns, { init: null, step });
  const [get, put, appends] = ['get', 'put', 'append'].map((name) =>
    tables.functions.indexOf(name),
  );
  let state: unknown = null;
  return (row) => {
    const called = f[row];
    if (called === get) {
      if (columns.return[row] === neverReturned) return true;
      const seen = tables.values.valueOf(output[row] ?? absentValue) ?? null;
      return seen === state || (typeof seen === 'object' && valueKey(seen) === valueKey(state));
    }
    const value = tables.values.valueOf(argument[row] ?? absentValue) ?? null;
    const next = called === put ? value : called === appends ? append(state, value) : null;
    if (next === undefined) return false;
    state = next;
    return true;
  };
}
