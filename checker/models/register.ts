/**
 * The register models: one value that is read, written, and compared and set.
 *
 * `register` knows read and write, `cas-register` also cas. The state is the key of the value.
 */
import { checkUniqueRegister } from '../fast/unique-register.ts';
import type { Operation } from '../history.ts';
import type { Model, Touches } from '../model.ts';
import { valueKey } from '../value-key.ts';
import { describeBadRegisterOperation, registerEffect } from './register-effect.ts';

/** A register with read and write. null, an absent value, unless `initial` says otherwise. */
export function createRegister(initial: unknown = null): Model<string> {
  return createModel('register', ['read', 'write'], valueKey(initial));
}

/** A register with read, write and cas. */
export function createCasRegister(initial: unknown = null): Model<string> {
  return createModel('cas-register', ['read', 'write', 'cas'], valueKey(initial));
}

function createModel(name: string, functions: readonly string[], init: string): Model<string> {
  return {
    name,
    functions,
    init,
    check: describeBadRegisterOperation,
    step: stepRegister,
    stateKey: (state) => state,
    isObserver,
    touches,
    canonical: mergeUntestedValues,
    fast: (input) => checkUniqueRegister(input, init),
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

/**
 * A value that nobody saw and no cas expects can be told from no other such value. All of them
 * become one, so that thousands of open writes are one class of the search and not thousands.
 */
function mergeUntestedValues(operations: readonly Operation[]): readonly Operation[] {
  const tested = new Set<string>();
  for (const operation of operations) {
    const effect = registerEffect(operation);
    if (effect.type === 'read') tested.add(effect.seen);
    if (effect.type === 'cas' || effect.type === 'miss') tested.add(effect.expected);
  }
  const untested = '\u0000 nobody saw it';
  return operations.map((operation) => {
    const effect = registerEffect(operation);
    if (effect.type !== 'write' && effect.type !== 'cas') return operation;
    if (tested.has(effect.written)) return operation;
    if (effect.type === 'write') return { ...operation, value: untested, output: untested };
    const [expected] = Array.isArray(operation.value) ? operation.value : [null];
    return { ...operation, value: [expected, untested] };
  });
}

function assertNever(effect: never): never {
  throw new Error(`unknown effect ${JSON.stringify(effect)}`);
}
