import { expect, it } from 'vitest';
import type { Completion } from '../client.ts';
import { lockRecipes, type StoreAnswer, type StoreStep } from './lock-recipe.ts';

/** A store of texts; `between` is what others do before the step with this number. */
class Store {
  readonly texts = new Map<string, string>();
  readonly steps: string[] = [];
  between: (step: number) => void = () => {};

  run(f: string, value: unknown): Completion {
    const recipe = lockRecipes[f]?.({ process: 0, f, key: 'k', value });
    if (recipe === undefined) throw new Error(`no recipe ${f}`);
    let turn = recipe.next();
    while (turn.done !== true) {
      this.between(this.steps.length);
      turn = recipe.next(this.#answer(turn.value));
    }
    return turn.value;
  }

  #answer(step: StoreStep): StoreAnswer {
    const value = this.texts.get(step.key) ?? null;
    if (step.type === 'get') {
      this.steps.push(`get ${step.key}`);
      return { type: 'got', value };
    }
    this.steps.push(`${step.key}: ${step.expected} -> ${step.next}`);
    const swapped = value === step.expected;
    if (swapped) this.texts.set(step.key, step.next);
    return { type: 'tried', swapped };
  }
}

const granted = (value: unknown, token: number): Completion => ({
  type: 'ok',
  value,
  result: token,
});
const refused = (code: string, message: string): Completion => ({
  type: 'fail',
  value: null,
  error: { code, message },
});

it('grants a free lock, each time with the next token', () => {
  const store = new Store();
  expect(store.run('acquire', null)).toEqual(granted(null, 1));
  expect(store.texts.get('k')).toBe('held:1');
  expect(store.run('release', 1)).toEqual({ type: 'ok', value: 1 });
  expect(store.texts.get('k')).toBe('free:1');
  expect(store.run('acquire', null)).toEqual(granted(null, 2));
  expect(store.steps).toEqual([
    ...['get k', 'k: null -> held:1', 'k: held:1 -> free:1'],
    ...['get k', 'k: free:1 -> held:2'],
  ]);
});

it('refuses a lock that is held, and names the token that holds it', () => {
  const store = new Store();
  store.texts.set('k', 'held:7');
  expect(store.run('acquire', null)).toEqual(refused('held', 'held by token 7'));
  expect(store.run('acquire', 6)).toEqual(refused('held', 'held by token 7'));
  expect(store.texts.get('k')).toBe('held:7');
});

it('takes a lock over from the holder that was named, and from no other', () => {
  const store = new Store();
  store.texts.set('k', 'held:7');
  expect(store.run('acquire', 7)).toEqual(granted(7, 8));
  expect(store.run('acquire', 7)).toEqual(refused('held', 'held by token 8'));
  store.run('release', 8);
  expect(store.run('acquire', 8)).toEqual(refused('free', 'free since 8'));
  expect(store.run('acquire', 7)).toEqual(refused('free', 'free since 8'));
  store.texts.clear();
  expect(store.run('acquire', 7)).toMatchObject({ error: { code: 'free' } });
});

it('looks again when somebody was quicker', () => {
  const store = new Store();
  store.between = (step) => {
    if (step === 1) store.texts.set('k', 'held:1');
  };
  expect(store.run('acquire', null)).toEqual(refused('held', 'held by token 1'));
  store.texts.set('k', 'free:1');
  store.steps.length = 0;
  store.between = (step) => {
    if (step === 1) store.texts.set('k', 'free:2');
  };
  expect(store.run('acquire', null)).toEqual(granted(null, 3));
  expect(store.steps).toHaveLength(4);
});

it('gives up after five misses, and nothing has happened', () => {
  const store = new Store();
  let free = 0;
  store.between = (step) => {
    if (step % 2 === 1) store.texts.set('k', `free:${++free}`);
  };
  expect(store.run('acquire', null)).toMatchObject({ type: 'fail', error: { code: 'contended' } });
  expect(store.steps).toHaveLength(10);
  const other = new Store();
  let payload = 0;
  other.between = (step) => {
    if (step % 2 === 1) other.texts.set('k.store', `1:${++payload}`);
  };
  expect(other.run('write', [2, 'x'])).toMatchObject({ error: { code: 'contended' } });
  expect(other.steps).toHaveLength(10);
  expect(other.texts.get('k.store')).toBe('1:5');
});

it('releases only for the token that holds, in one step', () => {
  const store = new Store();
  const notHeld = refused('not-held', 'token 3 does not hold k');
  expect(store.run('release', 3)).toEqual(notHeld);
  for (const text of ['held:4', 'free:3']) {
    store.texts.set('k', text);
    expect(store.run('release', 3)).toEqual(notHeld);
    expect(store.texts.get('k')).toBe(text);
  }
  expect(store.steps).toEqual(Array.from({ length: 3 }, () => 'k: held:3 -> free:3'));
});

it('writes unless a greater token has written, whoever holds the lock', () => {
  const store = new Store();
  store.texts.set('k', 'held:9');
  expect(store.run('write', [3, 'a'])).toEqual({ type: 'ok', value: [3, 'a'], result: true });
  expect(store.texts.get('k.store')).toBe('3:"a"');
  expect(store.run('write', [3, 7])).toMatchObject({ result: true });
  expect(store.texts.get('k.store')).toBe('3:7');
  expect(store.run('write', [4, 8])).toMatchObject({ result: true });
  expect(store.run('write', [3, 9])).toEqual({ type: 'ok', value: [3, 9], result: false });
  expect(store.texts.get('k.store')).toBe('4:8');
});

it('does not write over a greater token that came between its look and its change', () => {
  const store = new Store();
  store.between = (step) => {
    if (step === 1) store.texts.set('k.store', '5:1');
  };
  expect(store.run('write', [4, 2])).toEqual({ type: 'ok', value: [4, 2], result: false });
  expect(store.texts.get('k.store')).toBe('5:1');
});

it('does not know what to make of what nobody writes', () => {
  const store = new Store();
  for (const text of ['', 'held', 'held:', 'held:-1', 'kept:1', 'held:1 ', 'held:0', 'free:01']) {
    store.texts.set('k', text);
    expect(store.run('acquire', null), text).toMatchObject({
      type: 'info',
      error: { code: 'unexpected-reply', message: `k holds ${JSON.stringify(text)}` },
    });
  }
  store.texts.set('k.store', 'x:1');
  expect(store.run('write', [1, 1])).toMatchObject({ error: { code: 'unexpected-reply' } });
});
