/**
 * Bugs for tests, planted in any honest store: each shows now and then, most operations are right.
 */
import type { TestStore } from './test-store.ts';

/** Answers some operations of these sorts `ok` and does not do them. */
export function losing<State>(store: TestStore<State>, f: string, share = 0.02): TestStore<State> {
  return {
    init: store.init,
    apply(state, asked) {
      const applied = store.apply(state, asked);
      const isLost = asked.f === f && asked.random() < share;
      return isLost ? { ...applied, state } : applied;
    },
  };
}

/** Does some operations twice, as a server that is sent them twice; the last answer counts. */
export function doubling<State>(store: TestStore<State>, f: string): TestStore<State> {
  return {
    init: store.init,
    apply(state, asked) {
      const once = store.apply(state, asked);
      return asked.f === f && asked.random() < 0.02 ? store.apply(once.state, asked) : once;
    },
  };
}

/** Refuses some operations for good, and does them all the same. */
export function refusing<State>(store: TestStore<State>, f: string): TestStore<State> {
  return {
    init: store.init,
    apply(state, asked) {
      const applied = store.apply(state, asked);
      if (asked.f !== f || asked.random() >= 0.05) return applied;
      const error = { code: 'refused' };
      return { state: applied.state, answer: { type: 'fail', value: asked.value, error } };
    },
  };
}

/** What a store holds that also remembers what it held some operations ago. */
export interface Remembered<State> {
  readonly now: State;
  readonly past: readonly State[];
}

/** Answers some operations of this sort from what it held four operations ago. */
export function stale<State>(store: TestStore<State>, f: string): TestStore<Remembered<State>> {
  return {
    init: { now: store.init, past: [] },
    apply({ now, past }, asked) {
      const { state, answer } = store.apply(now, asked);
      const next = { now: state, past: [...past, state].slice(-8) };
      const old = past.at(-4);
      if (asked.f !== f || old === undefined || asked.random() >= 0.05) {
        return { state: next, answer };
      }
      return { state: next, answer: store.apply(old, asked).answer };
    },
  };
}

/** What a store holds that has come apart. */
export interface Forked<State> {
  readonly sides: readonly [State, State];
  readonly operations: number;
}

/** After twenty operations on a key, half of the processes go on with a copy of their own. */
export function forking<State>(store: TestStore<State>): TestStore<Forked<State>> {
  return {
    init: { sides: [store.init, store.init], operations: 0 },
    apply({ sides, operations }, asked) {
      const isApart = operations >= 20;
      const side = isApart && asked.process % 4 >= 2 ? 1 : 0;
      const { state, answer } = store.apply(sides[side], asked);
      const other = isApart ? (sides[1 - side] ?? state) : state;
      const next: readonly [State, State] = side === 0 ? [state, other] : [other, state];
      return { state: { sides: next, operations: operations + 1 }, answer };
    },
  };
}
