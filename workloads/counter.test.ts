import { describe, expect, it } from 'vitest';
import { counter } from './counter.ts';
import { fetchAndAdd } from './fetch-and-add.ts';
import { countOutcomes, mostOnOneKey } from './test-counts.ts';
import { type Asked, checkOps, driveWorkload, type TestStore } from './test-store.ts';

/** `add` says what becomes of the counter; what is told is what an honest one would. */
function storeThat(add: (state: number, asked: Asked) => number): TestStore<number> {
  return {
    init: 0,
    apply: (state, asked) => {
      const { f, value } = asked;
      if (f === 'read') return { state, answer: { type: 'ok', value: state } };
      const result = f === 'add' ? {} : { result: state };
      return { state: add(state, asked), answer: { type: 'ok', value, ...result } };
    },
  };
}

const honest = storeThat((state, { value }) => state + Number(value));

for (const workload of [counter, fetchAndAdd]) {
  describe(`the ${workload.name} workload`, () => {
    it('is valid on an honest counter, whatever is refused or not answered', () => {
      for (const seed of [1, 2, 3]) {
        const { ops } = driveWorkload({ workload, store: honest, seed, unknown: 0.03, fail: 0.1 });
        expect(checkOps(ops, workload.model), `seed ${seed}`).toMatchObject({ valid: true });
      }
    });

    it('finds a counter that skips', () => {
      const skips = storeThat((state, { random }) => state + (random() < 0.01 ? 2 : 1));
      const { ops } = driveWorkload({ workload, store: skips, seed: 1 });
      expect(checkOps(ops, workload.model)).toMatchObject({ valid: false });
    });

    it('finds one that forgets an addition which it acknowledged', () => {
      const forgets = storeThat((state, { random }) => state + (random() < 0.01 ? 0 : 1));
      const { ops } = driveWorkload({ workload, store: forgets, seed: 1 });
      expect(checkOps(ops, workload.model)).toMatchObject({ valid: false });
    });

    it('finds one that skips although answers are lost: few are lost on one key', () => {
      const skips = storeThat((state, { random }) => state + (random() < 0.05 ? 3 : 1));
      const { ops } = driveWorkload({ workload, store: skips, seed: 1, unknown: 0.03 });
      expect(checkOps(ops, workload.model)).toMatchObject({ valid: false });
    });

    it('only ever adds one, and reads from half of the clients and some more', () => {
      const { ops, keys, finalFrom } = driveWorkload({ workload, store: honest, seed: 1 });
      const asked = ops.filter(({ type }) => type === 'invoke');
      const adds = asked.filter(({ f }) => f !== 'read');
      expect(new Set(adds.map(({ value }) => value))).toEqual(new Set([1]));
      expect(adds.length / asked.length).toBeGreaterThan(0.3);
      expect(adds.length / asked.length).toBeLessThan(0.5);
      const last = ops.slice(finalFrom).filter(({ type, f }) => type === 'ok' && f === 'read');
      expect(last.map(({ key }) => key)).toEqual(keys);
      expect(Object.keys(countOutcomes(ops)).sort()).toEqual(workload.fs.map((f) => `${f} ok`));
    });

    it('gives a counter up after its share, or after eight operations of unknown outcome', () => {
      const { ops } = driveWorkload({ workload, store: honest, seed: 1, keyCount: 1 });
      expect(mostOnOneKey(ops).all).toBeLessThanOrEqual(401);
      const lossy = driveWorkload({ workload, store: honest, seed: 1, unknown: 0.2 });
      // One more for each client that had one under way.
      expect(mostOnOneKey(lossy.ops).info).toBeLessThanOrEqual(8 + 10);
    });
  });
}
