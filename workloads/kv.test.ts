import { describe, expect, it } from 'vitest';
import { kv } from './kv.ts';
import { doubling, forking, losing, refusing, stale } from './planted-stores.ts';
import { kvStore } from './test-objects.ts';
import { checkOps, driveWorkload, sizeRequest } from './test-store.ts';
import { itIsAWorkload } from './workload-suite.ts';

itIsAWorkload({
  workload: kv,
  store: kvStore,
  uniqueFs: ['put', 'append'],
  readFs: ['get'],
  bugs: [
    {
      name: 'a lost put',
      store: losing(kvStore, 'put', 0.1),
      kinds: ['lost-write', 'not-linearizable'],
    },
    { name: 'a lost append', store: losing(kvStore, 'append'), kinds: ['lost-write'] },
    {
      name: 'a delete that does not delete',
      store: losing(kvStore, 'delete', 0.5),
      kinds: ['not-linearizable', 'lost-write'],
    },
    {
      name: 'an append that happens twice',
      store: doubling(kvStore, 'append'),
      kinds: ['duplicate-element'],
    },
    {
      name: 'a refused append that happens',
      store: refusing(kvStore, 'append'),
      kinds: ['failed-write-read'],
    },
    {
      name: 'a stale read',
      store: stale(kvStore, 'get'),
      kinds: ['stale-read', 'lost-write', 'non-monotonic-read'],
    },
    {
      name: 'two values behind one key',
      store: forking(kvStore),
      kinds: ['stale-read', 'lost-update', 'lost-write', 'split-brain'],
    },
  ],
});

describe('the size of the workload kv', () => {
  it('has a key for every four clients, and five at least', () => {
    const keyCount = (concurrency: number): number =>
      kv.size(sizeRequest({ concurrency })).keyCount;
    expect([10, 20, 100].map(keyCount)).toEqual([5, 5, 25]);
    expect(kv.size(sizeRequest({ concurrency: 100, keyCount: 2 })).keyCount).toBe(2);
  });

  it('gives a key up after three operations of unknown outcome', () => {
    const { ops } = driveWorkload({ workload: kv, store: kvStore, seed: 1, unknown: 0.2 });
    const lost = Map.groupBy(
      ops.filter(({ type, key }) => type === 'info' && key !== 'recovery'),
      ({ key }) => key,
    );
    // Those that were under way when it was given up may come on top, and those of the end.
    expect(Math.max(...[...lost.values()].map((of) => of.length))).toBeLessThan(15);
    expect(kv.size(sizeRequest({})).unknownPerKey).toBe(3);
  });

  it('gives a key with deletes up early', () => {
    const { ops } = driveWorkload({ workload: kv, store: kvStore, seed: 1, concurrency: 4 });
    const asked = Map.groupBy(
      ops.filter(({ type, key }) => type === 'invoke' && key !== 'recovery'),
      ({ key }) => key,
    );
    const withDeletes = [...asked.values()].filter((of) => of.some(({ f }) => f === 'delete'));
    expect(withDeletes.length).toBeGreaterThan(3);
    // The operations, and the one at the end.
    for (const of of withDeletes) expect(of.length).toBeLessThanOrEqual(31);
    expect(Math.max(...[...asked.values()].map((of) => of.length))).toBeGreaterThan(150);
  });

  it('leaves little to search: hundreds of unknown operations are checked at once', () => {
    const rough = { unknown: 0.1, fail: 0.05, concurrency: 40, opCount: 6000 };
    const { ops } = driveWorkload({ workload: kv, store: kvStore, seed: 1, ...rough });
    expect(ops.filter(({ type }) => type === 'info').length).toBeGreaterThan(500);
    expect(checkOps(ops, 'kv').valid).toBe(true);
  }, 10_000);
});
