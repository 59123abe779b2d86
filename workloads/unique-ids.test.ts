import { describe, expect, it } from 'vitest';
import { checkOps, driveWorkload, type TestStore } from './test-store.ts';
import { uniqueIds as workload } from './unique-ids.ts';

const honest: TestStore<number> = {
  init: 0,
  apply: (state) => ({ state: state + 1, answer: { type: 'ok', value: state + 1 } }),
};

describe('the unique-ids workload', () => {
  it('is valid on an honest generator, whatever is refused or not answered', () => {
    for (const seed of [1, 2, 3]) {
      const { ops } = driveWorkload({ workload, store: honest, seed, unknown: 0.05, fail: 0.1 });
      expect(checkOps(ops, workload.model), `seed ${seed}`).toMatchObject({ valid: true });
    }
  });

  it('finds an id that is given twice, and names it', () => {
    const twice: TestStore<number> = {
      init: 0,
      apply: (state, { random }) => {
        const next = random() < 0.002 ? state : state + 1;
        return { state: next, answer: { type: 'ok', value: next } };
      },
    };
    const { ops } = driveWorkload({ workload, store: twice, seed: 1 });
    expect(checkOps(ops, workload.model)).toMatchObject({
      valid: false,
      witness: { kind: 'duplicate-id' },
    });
  });

  it('finds at the end a generator that began anew', () => {
    let isRestarted = false;
    const forgets: TestStore<number> = {
      init: 0,
      apply: (state, { key }) => {
        if (key === 'recovery') isRestarted = true;
        const next = isRestarted ? 7 : state + 1;
        return { state: next, answer: { type: 'ok', value: next } };
      },
    };
    const { ops, finalFrom } = driveWorkload({ workload, store: forgets, seed: 1, keyCount: 1 });
    expect(checkOps(ops.slice(0, finalFrom), workload.model)).toMatchObject({ valid: true });
    expect(checkOps(ops, workload.model)).toMatchObject({ valid: false });
  });

  it('asks few generators, and each of them at the end', () => {
    const { ops, keys, finalFrom } = driveWorkload({ workload, store: honest, seed: 1 });
    expect(keys).toEqual(expect.arrayContaining(['recovery', '0', '1', '2']));
    expect(keys).toHaveLength(4);
    const last = ops.slice(finalFrom).filter(({ type }) => type === 'ok');
    expect(last.map(({ key }) => key)).toEqual(['recovery', ...keys]);
  });
});
