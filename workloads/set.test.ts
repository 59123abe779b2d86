import { describe, expect, it } from 'vitest';
import { doubling, forking, losing, refusing, stale } from './planted-stores.ts';
import { set } from './set.ts';
import { setStore } from './test-objects.ts';
import { driveWorkload, sizeRequest, type TestStore } from './test-store.ts';
import { itIsAWorkload } from './workload-suite.ts';

interface Haunted {
  readonly now: readonly unknown[];
  readonly removed: unknown;
}

/** Now and then an add brings back what was removed last. */
const haunting: TestStore<Haunted> = {
  init: { now: [], removed: null },
  apply({ now, removed }, asked) {
    const { state, answer } = setStore.apply(now, asked);
    if (asked.f === 'remove') return { state: { now: state, removed: asked.value }, answer };
    const isBack = asked.f === 'add' && removed !== null && asked.random() < 0.2;
    return { state: { now: isBack ? [...state, removed] : state, removed }, answer };
  },
};

itIsAWorkload({
  workload: set,
  store: setStore,
  uniqueFs: ['add', 'remove'],
  readFs: ['contains'],
  bugs: [
    { name: 'a lost element', store: losing(setStore, 'add'), kinds: ['lost-element'] },
    {
      name: 'a remove that does not remove',
      store: losing(setStore, 'remove', 0.1),
      kinds: ['stale-read'],
    },
    {
      name: 'a removed element that comes back',
      store: haunting,
      kinds: ['stale-read', 'unwritten-value'],
    },
    {
      name: 'an add that is carried out twice',
      store: doubling(setStore, 'add'),
      kinds: ['unwritten-value'],
    },
    {
      name: 'a remove that is carried out twice',
      store: doubling(setStore, 'remove'),
      kinds: ['lost-element'],
    },
    {
      name: 'a refused add that happens',
      store: refusing(setStore, 'add'),
      kinds: ['failed-write-read'],
    },
    { name: 'a stale answer', store: stale(setStore, 'contains'), kinds: ['stale-read'] },
    {
      name: 'two sets behind one key',
      store: forking(setStore),
      kinds: ['stale-read', 'lost-element'],
    },
  ],
});

describe('the workload set', () => {
  const drive = (opCount: number) =>
    driveWorkload({ workload: set, store: setStore, seed: 1, opCount, fail: 0.1, unknown: 0.02 });

  it('looks for every element at the end, whatever has become of it', () => {
    const { ops, finalFrom } = drive(3000);
    const name = ({ key, value }: (typeof ops)[number]): string => `${key} ${value}`;
    const added = ops.filter(({ type, f }) => type === 'invoke' && f === 'add').map(name);
    const found = ops
      .slice(finalFrom)
      .filter(({ type, f }) => type === 'ok' && f === 'contains')
      .map(name);
    expect(new Set(found)).toEqual(new Set(added));
    expect(found).toHaveLength(added.length);
  });

  it('has more operations for each element in a long run, so that the end stays short', () => {
    const { opsPerKey } = set.size(sizeRequest({ opCount: 300_000, rate: 10_000 }));
    expect(opsPerKey).toBe(1500);
    expect(set.size(sizeRequest({ opCount: 3000 })).opsPerKey).toBe(200);
    const { ops, finalFrom } = drive(60_000);
    expect((ops.length - finalFrom) / 2).toBeLessThan(12_000);
  });
});
