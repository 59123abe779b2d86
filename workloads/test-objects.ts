/** Honest stores of the objects that tests drive: register, kv, set and list. */
import type { Completion } from '../harness/client.ts';
import type { Asked, TestStore } from './test-store.ts';

type Answer = Pick<Completion, 'type' | 'value' | 'result'>;

/** The answer of what reads. */
function read(value: unknown): Answer {
  return { type: 'ok', value };
}

/** The answer of what changes something, and what it tells. */
function done({ value }: Asked, result?: unknown): Answer {
  return result === undefined ? { type: 'ok', value } : { type: 'ok', value, result };
}

export const registerStore: TestStore<unknown> = {
  init: null,
  apply(state, asked) {
    if (asked.f === 'read') return { state, answer: read(state) };
    if (asked.f === 'write') return { state: asked.value, answer: done(asked) };
    const [expected, written] = asked.value as readonly unknown[];
    const swapped = expected === state;
    const answer = done(asked, { swapped, seen: state });
    return { state: swapped ? written : state, answer };
  },
};

export const kvStore: TestStore<string | null> = {
  init: null,
  apply(state, asked) {
    if (asked.f === 'get') return { state, answer: read(state) };
    if (asked.f === 'delete') return { state: null, answer: done(asked) };
    const text = String(asked.value);
    return { state: asked.f === 'put' ? text : (state ?? '') + text, answer: done(asked) };
  },
};

export const setStore: TestStore<readonly unknown[]> = {
  init: [],
  apply(state, asked) {
    const has = state.includes(asked.value);
    switch (asked.f) {
      case 'add':
        return { state: has ? state : [...state, asked.value], answer: done(asked, !has) };
      case 'remove':
        return { state: state.filter((each) => each !== asked.value), answer: done(asked, has) };
      case 'contains':
        return { state, answer: done(asked, has) };
      default:
        return { state, answer: read(state) };
    }
  },
};

export const listStore: TestStore<readonly unknown[]> = {
  init: [],
  apply(state, asked) {
    if (asked.f === 'read') return { state, answer: read(state) };
    const longer = [...state, asked.value];
    return { state: longer, answer: done(asked, longer.length) };
  },
};
