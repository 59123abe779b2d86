import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../harness/checker.ts';
import { exactlyOnce } from './exactly-once.ts';
import { sessions as workload } from './sessions.ts';
import { runOf } from './test-run.ts';
import { checkOps, type DriveOptions, driveWorkload, type TestStore } from './test-store.ts';

type Elements = readonly unknown[];

/** What an append makes of the list; it tells the length as an honest one would. */
function storeThat(append: (state: Elements, random: () => number, value: unknown) => Elements) {
  const store: TestStore<Elements> = {
    init: [],
    apply: (state, { f, value, random }) => {
      if (f === 'read') return { state, answer: { type: 'ok', value: state } };
      const answer = { type: 'ok', value, result: state.length + 1 } as const;
      return { state: append(state, random, value), answer };
    },
  };
  return store;
}

const honest = storeThat((state, _random, value) => [...state, value]);

function verdicts(store: TestStore<Elements>, more: Partial<DriveOptions<Elements>> = {}) {
  const { ops, finalFrom } = driveWorkload({ workload, store, seed: 1, ...more });
  return {
    linearizable: checkOps(ops, workload.model),
    once: exactlyOnce.check(runOf(ops, finalFrom)) as CheckerResult,
  };
}

describe('the sessions workload', () => {
  it('is valid where each append happens once, whatever is refused or not answered', () => {
    for (const seed of [1, 2, 3]) {
      expect(verdicts(honest, { seed, unknown: 0.05, fail: 0.1 }), `seed ${seed}`).toMatchObject({
        linearizable: { valid: true },
        once: { valid: true },
      });
    }
  });

  it('finds an element that is added twice when it is sent again', () => {
    const twice = storeThat((state, random, value) =>
      random() < 0.01 ? [...state, value, value] : [...state, value],
    );
    const { linearizable, once } = verdicts(twice);
    expect(linearizable).toMatchObject({ valid: false });
    expect(once).toMatchObject({ valid: false });
    expect(once.summary).toMatch(/^\d+, process \d+'s append .*, acknowledged, stands 2 times in/);
  });

  it('finds an element that is acknowledged and not there', () => {
    const loses = storeThat((state, random, value) =>
      random() < 0.01 ? state : [...state, value],
    );
    const { linearizable, once } = verdicts(loses);
    expect(linearizable).toMatchObject({ valid: false });
    expect(once).toMatchObject({ valid: false });
    expect(once.summary).toMatch(/^\d+, process \d+'s append .*, acknowledged, is missing in/);
  });
});
