import { describe, expect, it } from 'vitest';
import type { CheckerResult } from '../harness/checker.ts';
import { queue as workload } from './queue.ts';
import { runOf } from './test-run.ts';
import {
  type Asked,
  checkOps,
  type DriveOptions,
  driveWorkload,
  type TestStore,
} from './test-store.ts';
import { totalQueue } from './total-queue.ts';

type Elements = readonly unknown[];

interface Offence {
  readonly kind: string;
}

/** Both parts of a dequeue: what is answered, and what is left. */
function storeThat(
  take: (state: Elements, asked: Asked) => readonly [unknown, Elements],
  put = (state: Elements, { value }: Asked): Elements => [...state, value],
): TestStore<Elements> {
  return {
    init: [],
    apply: (state, asked) => {
      const { f, value } = asked;
      if (f === 'enqueue') return { state: put(state, asked), answer: { type: 'ok', value } };
      const [taken, left] = take(state, asked);
      return { state: left, answer: { type: 'ok', value: taken ?? null } };
    },
  };
}

const takeFirst = (state: Elements): readonly [unknown, Elements] => [state[0], state.slice(1)];
const honest = storeThat(takeFirst);

function drive(
  store: TestStore<Elements>,
  more: Partial<DriveOptions<Elements>> = {},
): ReturnType<typeof driveWorkload> {
  return driveWorkload({ workload, store, seed: 1, ...more });
}

function verdicts(store: TestStore<Elements>, more: Partial<DriveOptions<Elements>> = {}) {
  const { ops, finalFrom } = drive(store, more);
  const total = totalQueue.check(runOf(ops, finalFrom)) as CheckerResult;
  return {
    linearizable: checkOps(ops, workload.model),
    total,
    kinds: [...new Set((total.details['offences'] as readonly Offence[]).map(({ kind }) => kind))],
  };
}

describe('the queue workload', () => {
  it('is valid on an honest queue, whatever is refused or not answered', () => {
    for (const seed of [1, 2, 3]) {
      expect(verdicts(honest, { seed, unknown: 0.05, fail: 0.1 }), `seed ${seed}`).toMatchObject({
        linearizable: { valid: true },
        total: { valid: true },
      });
    }
  });

  it('finds an element that is handed out twice', () => {
    const twice = storeThat((state, { random }) =>
      random() < 0.01 ? [state[0], state] : takeFirst(state),
    );
    expect(verdicts(twice)).toMatchObject({
      linearizable: { valid: false },
      total: { valid: false },
      kinds: ['duplicated'],
    });
  });

  it('finds an element that is lost', () => {
    const loses = storeThat(takeFirst, (state, { value, random }) =>
      random() < 0.01 ? state : [...state, value],
    );
    const { linearizable, total, kinds } = verdicts(loses);
    expect(linearizable).toMatchObject({ valid: false });
    expect(kinds).toEqual(['lost']);
    expect(total.summary).toContain('no dequeue of unknown outcome can have taken it');
  });

  it('finds elements that come out in another order', () => {
    const lastFirst = storeThat((state, { random }) =>
      random() < 0.02 ? [state.at(-1), state.slice(0, -1)] : takeFirst(state),
    );
    expect(verdicts(lastFirst)).toMatchObject({
      linearizable: { valid: false },
      // It knows no order.
      total: { valid: true },
    });
  });

  it('finds an empty answer of a queue that is not empty', () => {
    const lies = storeThat((state, { random }) =>
      random() < 0.02 ? [null, state] : takeFirst(state),
    );
    const { ops } = drive(lies);
    expect(checkOps(ops, workload.model)).toMatchObject({ valid: false });
  });

  it('puts each element in once, and keeps a few of them in', () => {
    const { ops } = drive(honest, { opCount: 5000 });
    const put = ops.filter(({ f, type }) => f === 'enqueue' && type === 'invoke');
    expect(new Set(put.map(({ value }) => value)).size).toBe(put.length);
    const taken = ops.filter(({ f, type }) => f === 'dequeue' && type === 'ok');
    const empties = taken.filter(({ value }) => value === null);
    expect(empties.length).toBeGreaterThan(taken.length / 100);
    expect(empties.length).toBeLessThan(taken.length / 4);
  });

  it('has as many queues in a long run as can be drained, and no more', () => {
    const request = { concurrency: 10, keyCount: null, opsPerKey: null, opCount: null };
    const short = workload.size({ ...request, rate: 500, timeLimitS: 60 });
    expect(short).toMatchObject({ keyCount: 5, opsPerKey: 200 });
    const long = workload.size({ ...request, rate: 5000, timeLimitS: 600 });
    expect((5000 * 600) / long.opsPerKey).toBeLessThanOrEqual(500);
    expect(long.notes).toHaveLength(2);
  });

  it('drains each queue at the end until it is empty', () => {
    const { ops, keys, finalFrom } = drive(honest, { unknown: 0.05, fail: 0.2 });
    const last = ops.slice(finalFrom).filter(({ f }) => f === 'dequeue');
    const empty = last.filter(({ type, value }) => type === 'ok' && value === null);
    expect(empty.map(({ key }) => key)).toEqual(keys);
    expect(last.filter(({ type }) => type === 'ok').length).toBeGreaterThan(keys.length);
  });
});
