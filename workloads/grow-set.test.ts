import { growSet } from './grow-set.ts';
import { forking, losing, refusing, stale } from './planted-stores.ts';
import { setStore } from './test-objects.ts';
import type { TestStore } from './test-store.ts';
import { itIsAWorkload } from './workload-suite.ts';

/** Reads show the first element twice once there are nine. */
const repeating: TestStore<readonly unknown[]> = {
  init: [],
  apply(state, asked) {
    const { state: next, answer } = setStore.apply(state, asked);
    if (asked.f === 'add' || next.length < 9) return { state: next, answer };
    return { state: next, answer: { type: 'ok', value: [...next, next[0]] } };
  },
};

itIsAWorkload({
  workload: growSet,
  store: setStore,
  uniqueFs: ['add'],
  readFs: ['read'],
  bugs: [
    { name: 'a lost element', store: losing(setStore, 'add'), kinds: ['lost-element'] },
    {
      name: 'a refused add that happens',
      store: refusing(setStore, 'add'),
      kinds: ['failed-write-read'],
    },
    { name: 'a stale read', store: stale(setStore, 'read'), kinds: ['stale-read'] },
    {
      name: 'two sets behind one key',
      store: forking(setStore),
      kinds: ['lost-element', 'split-brain', 'stale-read'],
    },
    {
      name: 'an element twice in one answer',
      store: repeating,
      kinds: ['duplicate-element'],
    },
  ],
});
