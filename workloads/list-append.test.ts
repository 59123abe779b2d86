import { expect, it } from 'vitest';
import { listAppend } from './list-append.ts';
import { doubling, forking, losing, refusing, stale } from './planted-stores.ts';
import { listStore } from './test-objects.ts';
import { driveWorkload, type TestStore } from './test-store.ts';
import { itIsAWorkload } from './workload-suite.ts';

type List = readonly unknown[];

/** Now and then the last two change places. */
const reordering: TestStore<List> = {
  init: [],
  apply(state, asked) {
    const { state: next, answer } = listStore.apply(state, asked);
    const [last, ...others] = next.toReversed();
    const [before, ...rest] = others;
    const isSwapped = asked.f === 'append' && others.length > 0 && asked.random() < 0.05;
    return { state: isSwapped ? [...rest.toReversed(), last, before] : next, answer };
  },
};

itIsAWorkload({
  workload: listAppend,
  store: listStore,
  uniqueFs: ['append'],
  readFs: ['read'],
  bugs: [
    {
      name: 'a lost append',
      store: losing(listStore, 'append'),
      kinds: ['misplaced-element', 'lost-element'],
    },
    {
      name: 'an append that happens twice',
      store: doubling(listStore, 'append'),
      kinds: ['duplicate-element'],
    },
    {
      name: 'a refused append that happens',
      store: refusing(listStore, 'append'),
      kinds: ['failed-write-read'],
    },
    { name: 'a stale read', store: stale(listStore, 'read'), kinds: ['stale-read'] },
    {
      name: 'a list that forks',
      store: forking(listStore),
      kinds: ['lost-element', 'split-brain', 'misplaced-element'],
    },
    {
      name: 'elements that change places',
      store: reordering,
      kinds: ['split-brain', 'reordered-elements', 'misplaced-element'],
    },
  ],
});

it('appends nothing that equals a length, which would be taken for no answer at all', () => {
  const { ops } = driveWorkload({ workload: listAppend, store: listStore, seed: 1, fail: 0.1 });
  const appended = ops.filter(({ type, f }) => type === 'ok' && f === 'append');
  const longest = Math.max(...appended.map(({ result }) => Number(result)));
  expect(longest).toBeGreaterThan(30);
  expect(appended.filter(({ value }) => Number(value) > 0 && Number(value) <= longest)).toEqual([]);
});
