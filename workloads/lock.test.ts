import { describe, expect, it } from 'vitest';
import type { Op } from '../checker/history.ts';
import { lock as workload } from './lock.ts';
import { type LockState, lockStore } from './lock-store.ts';
import { countOutcomes } from './test-counts.ts';
import { runOf } from './test-run.ts';
import {
  type Asked,
  checkOps,
  type DriveOptions,
  driveWorkload,
  type TestStore,
} from './test-store.ts';

function drive(
  store: TestStore<LockState>,
  more: Partial<DriveOptions<LockState>> = {},
): ReturnType<typeof driveWorkload> {
  return driveWorkload({ workload, store, seed: 1, ...more });
}

/** The honest lock, with another answer where `change` gives one. */
function lockThat(
  change: (state: LockState, asked: Asked) => ReturnType<(typeof lockStore)['apply']> | null,
): TestStore<LockState> {
  return {
    init: lockStore.init,
    apply: (state, asked) => change(state, asked) ?? lockStore.apply(state, asked),
  };
}

/** Each is wrong now and then only. */
const planted = [
  {
    name: 'a lock that is granted to anybody, while somebody holds it',
    store: lockThat((state, { f, value, random }) =>
      f === 'acquire' && value === null && state.isHeld && random() < 0.05
        ? grant(state, value)
        : null,
    ),
    kinds: ['double-grant'],
  },
  {
    name: 'a lock that is granted again once its holder is refused something',
    store: lockThat((state, { f, value }) =>
      f === 'write' && Object(value)[0] < state.accepted
        ? {
            state: { ...state, isHeld: false },
            answer: { type: 'ok', value, result: false },
          }
        : null,
    ),
    kinds: ['double-grant', 'impossible-release', 'impossible-takeover'],
  },
  {
    name: 'a take-over from somebody who does not hold the lock',
    store: lockThat((state, { f, value }) =>
      f === 'acquire' && value !== null && value !== state.token ? grant(state, value) : null,
    ),
    kinds: ['impossible-takeover', 'double-grant'],
  },
  {
    name: 'a take-over from a token that was never granted, which refusals name',
    store: lockThat((state, { f, value }) => {
      if (f !== 'acquire' || !state.isHeld) return null;
      const stranger = state.token + 50;
      if (value === stranger) {
        return { state: { ...state, token: stranger + 1 }, answer: grantOf(value, stranger + 1) };
      }
      const error = { code: 'held', message: `held by token ${stranger}` };
      return value === null ? { state, answer: { type: 'fail', value, error } } : null;
    }),
    kinds: ['impossible-takeover'],
  },
  {
    name: 'a release by somebody who does not hold the lock',
    store: lockThat((state, { f, value }) =>
      f === 'release' && value !== state.token
        ? { state: { ...state, isHeld: false }, answer: { type: 'ok', value } }
        : null,
    ),
    kinds: ['impossible-release', 'double-grant'],
  },
  {
    name: 'a store that rejects every write',
    store: lockThat((state, { f, value }) =>
      f === 'write' ? { state, answer: { type: 'ok', value, result: false } } : null,
    ),
    kinds: ['impossible-refusal'],
  },
  {
    name: 'a token that is granted twice',
    store: lockThat((state, { f, value, random }) =>
      f === 'acquire' && state.isHeld && random() < 0.02
        ? { state, answer: { type: 'ok', value, result: state.token } }
        : null,
    ),
    kinds: ['token-reuse'],
  },
  {
    name: 'a token that is smaller than the last one',
    store: lockThat((state, { f, value, random }) =>
      f === 'acquire' && !state.isHeld && state.token > 3 && random() < 0.1
        ? grant({ ...state, token: state.token - 3 }, value)
        : null,
    ),
    kinds: ['token-reuse', 'token-regression', 'double-grant'],
  },
  {
    name: 'a store that accepts the write of a paused holder after a newer one',
    store: lockThat((state, { f, value }) =>
      f === 'write' ? { state, answer: { type: 'ok', value, result: true } } : null,
    ),
    kinds: ['stale-write-accepted'],
  },
];

function grant(state: LockState, value: unknown): ReturnType<(typeof lockStore)['apply']> {
  const token = state.token + 1;
  return { state: { ...state, token, isHeld: true }, answer: grantOf(value, token) };
}

function grantOf(value: unknown, result: number) {
  return { type: 'ok', value, result } as const;
}

const of = (ops: readonly Op[], f: string): readonly Op[] =>
  ops.filter((op) => op.f === f && op.type === 'ok');

describe('the lock workload', () => {
  it('is valid on an honest lock, whatever is refused or not answered', () => {
    for (const seed of [1, 2, 3]) {
      const { ops } = drive(lockStore, { seed, unknown: 0.05, fail: 0.1 });
      expect(checkOps(ops, workload.model), `seed ${seed}`).toMatchObject({ valid: true });
    }
  });

  it.each(planted)('finds $name', ({ store, kinds }) => {
    for (const seed of [1, 2, 3]) {
      const verdict = checkOps(drive(store, { seed, unknown: 0.02 }).ops, workload.model);
      expect(verdict, `seed ${seed}`).toMatchObject({ valid: false });
      if (verdict.valid === false) expect(kinds).toContain(verdict.witness.kind);
    }
  });

  it('knows whether the tokens were needed', () => {
    const judge = (store: TestStore<LockState>) => {
      const { ops, finalFrom } = drive(store);
      return workload.checkers?.add?.map((checker) => checker.check(runOf(ops, finalFrom)));
    };
    expect(judge(lockStore)).toMatchObject([{ name: 'fencing', valid: true, blind: [] }]);
    const rejecting = lockThat((state, { f, value }) =>
      f === 'write' ? { state, answer: { type: 'ok', value, result: false } } : null,
    );
    expect(judge(rejecting)).toMatchObject([{ name: 'fencing', valid: 'unknown' }]);
  });

  it('makes its holders write and release, pause, and die, and lets others take over', () => {
    const { ops } = drive(lockStore, { opCount: 5000 });
    const counts = countOutcomes(ops);
    const takeovers = of(ops, 'acquire').filter(({ value }) => value !== null);
    const rejected = of(ops, 'write').filter(({ result }) => result === false);
    expect(takeovers.length).toBeGreaterThan(100);
    expect(rejected.length).toBeGreaterThan(50);
    expect(counts['release ok']).toBeGreaterThan(200);
    expect(counts['release not-held']).toBeGreaterThan(0);
    // Refusals must not be most of what there is: a run with too few answers tells nothing.
    const oks = ops.filter(({ type }) => type === 'ok').length;
    expect(oks / (ops.length / 2)).toBeGreaterThan(0.55);
  });

  it('takes over only after several refusals without a sign of life of the holder', () => {
    const { ops, finalFrom } = drive(lockStore, { opCount: 5000, keyCount: 1 });
    const refusals = new Map<string, number>();
    let taken = 0;
    for (const { type, f, key, value, error } of ops.slice(0, finalFrom)) {
      if (error?.code === 'held') {
        const name = `${key} ${/\d+/.exec(error.message ?? '')?.[0]}`;
        refusals.set(name, (refusals.get(name) ?? 0) + 1);
      }
      if (f === 'write' && type === 'ok') refusals.delete(`${key} ${Object(value)[0]}`);
      if (type !== 'invoke' || f !== 'acquire' || value === null) continue;
      expect(refusals.get(`${key} ${value}`)).toBeGreaterThanOrEqual(2);
      taken++;
    }
    expect(taken).toBeGreaterThan(100);
  });

  it('lets holders die, and nobody who died come back to the key', () => {
    const { ops, finalFrom } = drive(lockStore, { opCount: 5000 });
    let deaths = 0;
    for (const key of new Set(ops.map((op) => op.key))) {
      const ofKey = ops.slice(0, finalFrom).filter((op) => op.key === key && op.type !== 'invoke');
      for (const process of new Set(ofKey.map((op) => op.process))) {
        const at = ofKey.findLastIndex((op) => op.process === process);
        const last = ofKey[at];
        const wasHolder = last?.f === 'write' && last.result === true;
        // Longer than any pause.
        if (wasHolder && ofKey.length - at > 80) deaths++;
      }
    }
    expect(deaths).toBeGreaterThan(15);
  });

  it('has a holder whose write was rejected give up', () => {
    const { ops } = drive(lockStore, { opCount: 5000 });
    const rejected = new Set<string>();
    for (const { type, f, key, process, value, result } of ops) {
      if (f === 'acquire') continue;
      const name = `${key} ${process} ${f === 'write' ? Object(value)[0] : value}`;
      if (type === 'invoke') expect(rejected.has(name)).toBe(false);
      if (type === 'ok' && result === false) rejected.add(name);
    }
    expect(rejected.size).toBeGreaterThan(50);
  });

  it('writes with the token that it was granted, each payload once', () => {
    const { ops, finalFrom } = drive(lockStore, { opCount: 5000, unknown: 0.02 });
    const granted = new Map<string, unknown>();
    const payloads = new Set<unknown>();
    for (const { type, f, key, process, value, result } of ops.slice(0, finalFrom)) {
      if (f === 'acquire' && type === 'ok') granted.set(`${key} ${process}`, result);
      if (f === 'acquire' || type !== 'invoke') continue;
      const [token, payload] = Array.isArray(value) ? value : [value];
      expect(granted.get(`${key} ${process}`)).toBe(token);
      if (f !== 'write') continue;
      expect(payloads.has(payload)).toBe(false);
      payloads.add(payload);
    }
  });

  it('goes on with any number of clients, and with one alone', () => {
    for (const concurrency of [1, 2, 3, 7, 20]) {
      const { ops } = drive(lockStore, { concurrency, unknown: 0.02, opCount: 1500 });
      const asked = ops.filter(({ type }) => type === 'invoke').length;
      expect(asked, `${concurrency} clients`).toBeGreaterThan(1500);
    }
  });

  it('knows at the end what each lock is held under, where the answers told', () => {
    const { ops, keys, finalFrom } = drive(lockStore);
    const asked = ops
      .slice(finalFrom)
      .filter(({ f, type }) => f === 'acquire' && type === 'invoke');
    expect(asked).toHaveLength(keys.length);
    expect(asked.filter(({ value }) => value === null).length).toBeGreaterThan(0);
    expect(asked.filter(({ value }) => value !== null).length).toBeGreaterThan(0);
  });

  it('takes each lock at the end, also from the dead, and writes with its token', () => {
    const { ops, keys, finalFrom } = drive(lockStore, { unknown: 0.1, fail: 0.2 });
    const last = ops.slice(finalFrom);
    expect(of(last, 'acquire').map(({ key }) => key)).toEqual(keys);
    const writes = of(last, 'write').slice(-keys.length);
    expect(writes.map(({ key }) => key)).toEqual(keys);
    expect(writes.filter(({ result }) => result === true).length).toBeGreaterThan(1);
  });
});
