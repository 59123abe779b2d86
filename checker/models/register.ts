/**
 * The register models: one value that is read, written, and compared and set.
 *
 * `register` knows read and write, `cas-register` also cas. The state is the key of the value.
 */
import { type Columns, neverReturned, none, operationAt } from '../columns.ts';
import { createDecoder, type RegisterRow, rowKind } from '../fast/register-columns.ts';
import { checkUniqueRegister, guideUniqueRegister } from '../fast/unique-register.ts';
import type { Operation } from '../history.ts';
import { type BadRow, defineModel, type Model, type Replayer, type Touches } from '../model.ts';
import { valueKey } from '../value-key.ts';
import { describeBadRegisterOperation, registerEffect } from './register-effect.ts';

/** A register with read and write. null, an absent value, unless `initial` says otherwise. */
export function createRegister(initial: unknown = null): Model<string> {
  return createModel('register', ['read', 'write'], initial);
}

/** A register with read, write and cas. */
export function createCasRegister(initial: unknown = null): Model<string> {
  return createModel('cas-register', ['read', 'write', 'cas'], initial);
}

function createModel(name: string, functions: readonly string[], initial: unknown): Model<string> {
  return defineModel({
    name,
    functions,
    init: valueKey(initial),
    check: describeBadRegisterOperation,
    findBad: findBadRow,
    step: stepRegister,
    stateKey: (state) => state,
    isObserver,
    touches,
    canonical: mergeUntestedValues,
    replayer: (columns) => replayRegister(columns, columns.tables.values.idOf(initial)),
    fast: (input) => checkUniqueRegister(input, initial),
    guided: (input, limits) => guideUniqueRegister(input, initial, limits),
  });
}

/** Only a cas has a shape that can be wrong. */
function findBadRow(columns: Columns): BadRow | null {
  const cas = columns.tables.functions.indexOf('cas');
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.f[row] !== cas) continue;
    const isPair = columns.argument2[row] !== none;
    const isTold = columns.return[row] === neverReturned || columns.outcome[row] !== 0;
    if (isPair && isTold) continue;
    const message = describeBadRegisterOperation(operationAt(columns, row));
    if (message !== null) return { row, message };
  }
  return null;
}

/** The register once more, on ids of values: what stands in it is all that it remembers. */
function replayRegister(columns: Columns, initial: number): Replayer {
  const decode = createDecoder(columns);
  const row: RegisterRow = { kind: 0, sees: none, writes: none };
  let value = initial;
  return (at) => {
    decode(at, row);
    switch (row.kind) {
      case rowKind.write:
        value = row.writes;
        return true;
      case rowKind.read:
        return row.sees === value;
      case rowKind.cas:
        if (row.sees === value) value = row.writes;
        // An open one may have found another value: possible, and without effect.
        else return columns.return[at] === neverReturned;
        return true;
      case rowKind.miss:
        return row.sees !== value;
      case rowKind.contradiction:
        return false;
      default:
        return true;
    }
  };
}

function stepRegister(state: string, operation: Operation): string | undefined {
  const effect = registerEffect(operation);
  switch (effect.type) {
    case 'write':
      return effect.written;
    case 'read':
      return effect.seen === state ? state : undefined;
    case 'cas':
      if (effect.expected === state) return effect.written;
      // An open one may have found another value: possible, and without effect.
      return operation.return === null ? state : undefined;
    case 'miss':
      return effect.expected === state ? undefined : state;
    case 'contradiction':
      return undefined;
    case 'nothing':
      return state;
    default:
      return assertNever(effect);
  }
}

/** A cas that swapped old for old is none: it observes here, but it could have written. */
function isObserver(operation: Operation): boolean {
  const { type } = registerEffect(operation);
  return type === 'read' || type === 'miss' || type === 'nothing' || type === 'contradiction';
}

function touches(operation: Operation): Touches {
  const effect = registerEffect(operation);
  switch (effect.type) {
    case 'write':
      return { writes: effect.written, sees: null };
    case 'read':
      return { writes: null, sees: effect.seen };
    case 'cas':
      return { writes: effect.written, sees: effect.expected };
    case 'miss':
    case 'contradiction':
    case 'nothing':
      return { writes: null, sees: null };
    default:
      return assertNever(effect);
  }
}

/** Equal to no value that a history can hold. */
const nobodySawIt: unique symbol = Symbol('nobody saw it');

/**
 * A value that nobody saw and no cas expects can be told from no other such value. All of them
 * become one, so that thousands of open writes are one class of the search and not thousands.
 */
function mergeUntestedValues(columns: Columns): Columns {
  const { values } = columns.tables;
  const decode = createDecoder(columns);
  const row: RegisterRow = { kind: 0, sees: none, writes: none };
  const tested = new Uint8Array(values.size + columns.count);
  for (let at = 0; at < columns.count; at += 1) {
    decode(at, row);
    if (row.sees >= 0) tested[row.sees] = 1;
  }
  const untested = values.idOf(nobodySawIt);
  const argument = columns.argument.slice();
  const argument2 = columns.argument2.slice();
  const output = columns.output.slice();
  for (let at = 0; at < columns.count; at += 1) {
    decode(at, row);
    if (row.writes < 0 || tested[row.writes] === 1) continue;
    if (row.kind === rowKind.cas) {
      argument2[at] = untested;
      continue;
    }
    argument[at] = untested;
    argument2[at] = none;
    if (output[at] !== none) output[at] = untested;
  }
  return { ...columns, argument, argument2, output };
}

function assertNever(effect: never): never {
  throw new Error(`unknown effect ${JSON.stringify(effect)}`);
}
