/**
 * A lock with fencing tokens, made of a store that can get and compare-and-set texts.
 *
 * The key holds `held:<token>`, `free:<token>` or nothing; `<key>.store` holds what the lock
 * protects, as `<token>:<payload>`. A lease has no end here: whoever wants the lock may take it
 * over from a holder that he names by its token, and the greater token that he gets keeps the old
 * holder out of the store. Nothing here knows how a store is reached.
 */
import type { Completion, Invocation } from '../client.ts';

/** One step at the store. A get only looks; at most one compare-and-set of a recipe succeeds. */
export type StoreStep =
  | { readonly type: 'get'; readonly key: string }
  | {
      readonly type: 'compare-and-set';
      readonly key: string;
      /** null: there is nothing. */
      readonly expected: string | null;
      readonly next: string;
    };

/** What was read; whether it was set. Yielded steps are answered by one of these. */
export type StoreAnswer =
  | { readonly type: 'got'; readonly value: string | null }
  | { readonly type: 'tried'; readonly swapped: boolean };

export type LockRecipe = Generator<StoreStep, Completion, StoreAnswer>;

/** Compare-and-sets of one operation that found something else than was read just before. */
const missesMax = 5;

export const lockRecipes: Readonly<Record<string, (invocation: Invocation) => LockRecipe>> = {
  acquire,
  release,
  write,
};

/** `value` is null, or the token of the holder to take the lock over from. */
function* acquire({ key = '', value }: Invocation): LockRecipe {
  const from = value === null ? null : tokenOf(value);
  for (let misses = 0; misses < missesMax; misses++) {
    const text = yield* get(key);
    const lock = parseLock(text);
    if (lock === null) return nonsense(key, text);
    if (from === null ? lock.isHeld : lock.token !== from || !lock.isHeld) return refused(lock);
    const token = lock.token + 1;
    if (yield* compareAndSet(key, text, `held:${token}`)) {
      return { type: 'ok', value, result: token };
    }
  }
  return contended(key);
}

function* release({ key = '', value }: Invocation): LockRecipe {
  const token = tokenOf(value);
  if (yield* compareAndSet(key, `held:${token}`, `free:${token}`)) return { type: 'ok', value };
  return failed('not-held', `token ${token} does not hold ${key}`);
}

/** `value` is [token, payload]; false when a greater token has written. */
function* write({ key = '', value }: Invocation): LockRecipe {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new TypeError(`a write takes [token, payload], not ${JSON.stringify(value)}`);
  }
  const token = tokenOf(value[0]);
  const next = `${token}:${JSON.stringify(value[1])}`;
  const store = `${key}.store`;
  for (let misses = 0; misses < missesMax; misses++) {
    const text = yield* get(store);
    const accepted = text === null ? 0 : parseToken(/^([1-9]\d{0,14}):/.exec(text)?.[1]);
    if (accepted === null) return nonsense(store, text);
    if (accepted > token) return { type: 'ok', value, result: false };
    if (yield* compareAndSet(store, text, next)) return { type: 'ok', value, result: true };
  }
  return contended(store);
}

function* get(key: string): Generator<StoreStep, string | null, StoreAnswer> {
  const answer = yield { type: 'get', key };
  if (answer.type === 'got') return answer.value;
  throw new TypeError('a get was answered as a compare-and-set');
}

function* compareAndSet(
  key: string,
  expected: string | null,
  next: string,
): Generator<StoreStep, boolean, StoreAnswer> {
  const answer = yield { type: 'compare-and-set', key, expected, next };
  if (answer.type === 'tried') return answer.swapped;
  throw new TypeError('a compare-and-set was answered as a get');
}

interface Lock {
  readonly isHeld: boolean;
  /** The newest that was granted; 0: none yet. */
  readonly token: number;
}

/** null when the text is none that this recipe writes. */
function parseLock(text: string | null): Lock | null {
  if (text === null) return { isHeld: false, token: 0 };
  const match = /^(held|free):([1-9]\d{0,14})$/.exec(text);
  const token = parseToken(match?.[2]);
  return match === null || token === null ? null : { isHeld: match[1] === 'held', token };
}

function parseToken(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function tokenOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw new TypeError(`a token is an integer above 0, not ${JSON.stringify(value)}`);
}

function refused({ isHeld, token }: Lock): Completion {
  return isHeld ? failed('held', `held by token ${token}`) : failed('free', `free since ${token}`);
}

function contended(key: string): Completion {
  return failed('contended', `${key} changed ${missesMax} times before it could be set`);
}

function failed(code: string, message: string): Completion {
  return { type: 'fail', value: null, error: { code, message } };
}

/** The store answers what nobody has written; the checker of errors makes of it what it is. */
function nonsense(key: string, text: string | null): Completion {
  const message = `${key} holds ${JSON.stringify(text)}`;
  return { type: 'info', value: null, error: { code: 'unexpected-reply', message } };
}
