import { expect, it } from 'vitest';
import { casRegister } from './cas-register.ts';
import { doubling, forking, losing, refusing, stale } from './planted-stores.ts';
import { registerStore } from './test-objects.ts';
import { driveWorkload } from './test-store.ts';
import { itIsAWorkload } from './workload-suite.ts';

itIsAWorkload({
  workload: casRegister,
  store: registerStore,
  uniqueFs: ['write', 'cas'],
  readFs: ['read'],
  bugs: [
    {
      name: 'a lost write',
      store: losing(registerStore, 'write'),
      kinds: ['lost-write', 'stale-cas'],
    },
    {
      name: 'a compare-and-set that was acknowledged and lost',
      store: losing(registerStore, 'cas'),
      kinds: ['stale-read', 'lost-update', 'stale-cas'],
    },
    {
      name: 'a compare-and-set that is carried out twice',
      store: doubling(registerStore, 'cas'),
      kinds: ['unwritten-value'],
    },
    {
      name: 'a refused compare-and-set that happens',
      store: refusing(registerStore, 'cas'),
      kinds: ['failed-write-read'],
    },
    {
      name: 'a stale read',
      store: stale(registerStore, 'read'),
      kinds: ['stale-read', 'non-monotonic-read'],
    },
    {
      name: 'two registers behind one key',
      store: forking(registerStore),
      kinds: ['stale-read', 'lost-update', 'split-brain'],
    },
  ],
});

it('asks for compare-and-sets that succeed, and for some that miss', () => {
  const { ops } = driveWorkload({ workload: casRegister, store: registerStore, seed: 1 });
  const swapped = ops.flatMap(({ f, result }) =>
    f === 'cas' && result !== undefined ? [(result as { readonly swapped: boolean }).swapped] : [],
  );
  const share = swapped.filter((each) => each).length / swapped.length;
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(0.95);
});
