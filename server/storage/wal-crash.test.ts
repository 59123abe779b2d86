import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import { DiskError } from './disk.ts';
import type { WalWrite } from './wal.ts';
import type { RecoveredWal } from './wal-recovery.ts';
import { WalTestDisk } from './wal-test-disk.ts';
import { createTestRandom, openLog, testEntry, testWrite } from './wal-test-log.ts';

/** What a server may ask of its log, with numbers that are made to fit when it is done. */
type Action =
  | { readonly type: 'append'; readonly back: number; readonly sizes: readonly number[] }
  | { readonly type: 'vote'; readonly rise: number }
  | { readonly type: 'group'; readonly sizes: readonly number[] }
  | { readonly type: 'compact'; readonly share: number }
  | { readonly type: 'install'; readonly ahead: number; readonly conflicts: boolean }
  | { readonly type: 'mark' }
  | { readonly type: 'crash'; readonly steps: number; readonly power: boolean }
  | { readonly type: 'failSync' };

const size = fc.nat({ max: 60 });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      back: fc.nat({ max: 3 }),
      sizes: fc.array(size, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('vote' as const), rise: fc.nat({ max: 2 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('group' as const),
      sizes: fc.array(size, { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('compact' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('install' as const),
      ahead: fc.nat({ max: 3 }),
      conflicts: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'mark' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('crash' as const),
      steps: fc.nat({ max: 14 }),
      power: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'failSync' as const }) },
);

/** The log as Raft sees it: what its writes amount to, told in the plainest way. */
interface Model {
  readonly hardState: HardState;
  /** The newest durable snapshot: compaction went no further, what is before it does not count. */
  readonly snapshot: EntryId | null;
  /** All there ever were, from index 1; those that a snapshot voided are null. */
  readonly entries: readonly (Entry | null)[];
}

function applied(model: Model, { hardState, snapshot, entries }: WalWrite): Model {
  let kept = [...model.entries];
  if (snapshot !== null) {
    const holds = kept[snapshot.index - 1]?.term === snapshot.term;
    const behind = holds ? kept.slice(snapshot.index) : [];
    kept = [...new Array<null>(snapshot.index).fill(null), ...behind];
  }
  const first = entries[0];
  if (first !== undefined) kept = [...kept.slice(0, first.index - 1), ...entries];
  return { ...model, hardState: hardState ?? model.hardState, entries: kept };
}

/** One server's life with its log, across crashes. */
class Life {
  readonly disk: WalTestDisk;
  log: RecoveredWal;
  acknowledged: Model = {
    hardState: { currentTerm: 0, votedFor: null },
    snapshot: null,
    entries: [],
  };
  crashCount = 0;

  constructor(seed: number) {
    this.disk = new WalTestDisk(createTestRandom(seed));
    this.log = this.#open();
  }

  run(next: Action, following: Action | undefined): void {
    const crash = following?.type === 'crash' ? following : null;
    if (next.type === 'crash') return;
    if (next.type === 'failSync') this.#failSync();
    else if (next.type === 'mark') this.#begin(null, (done) => this.log.wal.mark(done), crash);
    else if (next.type === 'compact') this.#compact(next.share, crash);
    else this.#append(this.#writesOf(next), crash);
  }

  #append(writes: readonly WalWrite[], crash: Crash | null): void {
    const snapshot = writes[0]?.snapshot ?? null;
    // Installed before the log is reset: the crash may come between. [Raft §7]
    if (snapshot !== null) this.acknowledged = { ...this.acknowledged, snapshot };
    const after = writes.reduce(applied, this.acknowledged);
    this.#begin(after, (done) => this.log.wal.append(writes, done), crash);
  }

  #compact(share: number, crash: Crash | null): void {
    const { entries, snapshot } = this.acknowledged;
    const index = Math.max(snapshot?.index ?? 0, Math.floor(share * entries.length));
    const term = entries[index - 1]?.term;
    if (term !== undefined) this.acknowledged = { ...this.acknowledged, snapshot: { index, term } };
    this.#begin(null, (done) => this.log.wal.compactTo(index, done), crash);
  }

  #begin(
    after: Model | null,
    start: (done: (e: DiskError | null) => void) => void,
    crash: Crash | null,
  ): void {
    let error: DiskError | null | undefined;
    start((outcome) => {
      error = outcome;
    });
    let steps = 0;
    while (error === undefined && (crash === null || steps < crash.steps) && this.disk.step()) {
      steps += 1;
    }
    expect(error ?? null).toBe(null);
    if (error === null && after !== null) this.acknowledged = after;
    if (crash !== null) this.#crash(error === undefined ? after : null, crash.power);
    else expect(error).toBe(null);
  }

  /** The sync fails, the process ends, the next one reads what the system still shows. */
  #failSync(): void {
    const { hardState, entries } = this.acknowledged;
    const entry = testEntry(entries.length + 1, hardState.currentTerm, 'fails');
    const write = testWrite(hardState.currentTerm === 0 ? {} : { entries: [entry] });
    this.disk.fault = (operation, file) =>
      operation === 'sync' ? new DiskError('EIO', file, 'the sync failed') : null;
    const error = this.disk.do((done) => this.log.wal.append([write], done));
    expect(error?.code).toBe('EIO');
    this.disk.fault = () => null;
    this.#crash(applied(this.acknowledged, write), false);
  }

  /** `maybe`: what was under way, and may have become durable or not. */
  #crash(maybe: Model | null, power: boolean): void {
    this.crashCount += 1;
    if (power) this.disk.losePower();
    else this.disk.kill();
    this.log = this.#open();
    const found = this.#read();
    const old = this.#expected(this.acknowledged);
    const candidates = maybe === null ? [old] : [old, this.#expected(maybe)];
    const which = candidates.findLastIndex((one) => JSON.stringify(one) === JSON.stringify(found));
    if (which < 0) expect(found).toEqual(candidates);
    if (which === 1 && maybe !== null) this.acknowledged = maybe;
    // What was found is what the server goes on with: it may not go at the next loss of power.
    this.disk.losePower();
    this.log = this.#open();
    expect(this.#read()).toEqual(found);
    if (this.log.entries.length === 0) this.#dropVoid();
  }

  /** A log that ended before the snapshot, or conflicted with it, begins behind it now. */
  #dropVoid(): void {
    const { entries } = this.acknowledged;
    const index = this.acknowledged.snapshot?.index ?? 0;
    const kept = entries.slice(0, index);
    while (kept.length < index) kept.push(null);
    this.acknowledged = { ...this.acknowledged, entries: kept };
  }

  #open(): RecoveredWal {
    const log = openLog(this.disk, {
      snapshot: this.acknowledged?.snapshot ?? null,
      segmentBytes: 256,
    });
    expect(this.disk.do(log.repair)).toBe(null);
    return log;
  }

  /** What recovery found: it may hold more from before the snapshot, which must be right too. */
  #read() {
    const { hardState, base, entries } = this.log;
    const { snapshot } = this.acknowledged;
    const from = snapshot?.index ?? 0;
    expect(base.index).toBeLessThanOrEqual(from);
    for (const { index, term, data } of entries.slice(0, from - base.index)) {
      const known = this.acknowledged.entries[index - 1];
      if (known === null || known === undefined) continue;
      expect([term, Buffer.from(data).toString()]).toEqual([
        known.term,
        Buffer.from(known.data).toString(),
      ]);
    }
    const behind = entries.slice(from - base.index);
    return { hardState, behind: behind.map(toText) };
  }

  #expected({ hardState, snapshot, entries }: Model) {
    if (snapshot === null) return { hardState, behind: entries.map(toText) };
    const { currentTerm } = hardState;
    const raised =
      snapshot.term > currentTerm ? { currentTerm: snapshot.term, votedFor: null } : hardState;
    const known = entries[snapshot.index - 1];
    const fits = known === null || known?.term === snapshot.term;
    return { hardState: raised, behind: fits ? entries.slice(snapshot.index).map(toText) : [] };
  }

  #writesOf(
    next: Extract<Action, { type: 'append' | 'vote' | 'group' | 'install' }>,
  ): readonly WalWrite[] {
    const { hardState, entries, snapshot } = this.acknowledged;
    const term = hardState.currentTerm;
    const last = entries.length;
    if (next.type === 'vote') {
      const votedFor = next.rise === 0 ? hardState.votedFor : `n${next.rise}`;
      return [testWrite({ hardState: { currentTerm: term + next.rise, votedFor } })];
    }
    if (next.type === 'install') {
      const index = Math.max(snapshot?.index ?? 0, last + (next.conflicts ? 0 : next.ahead)) + 1;
      const newTerm = term + 1;
      return [
        testWrite({
          hardState: { currentTerm: newTerm, votedFor: null },
          snapshot: { index, term: newTerm },
        }),
      ];
    }
    const raised = testWrite({ hardState: { currentTerm: term + 1, votedFor: null } });
    if (next.type === 'group') {
      const writes = next.sizes.map((bytes, position) =>
        testWrite({ entries: [testEntry(last + 1 + position, term + 1, 'g'.repeat(bytes))] }),
      );
      return [raised, ...writes];
    }
    // What a snapshot holds is committed and never overwritten.
    const first = Math.max(last + 1 - next.back, (snapshot?.index ?? 0) + 1);
    return [
      raised,
      testWrite({
        entries: next.sizes.map((bytes, position) =>
          testEntry(first + position, term + 1, `${term + 1}.`.repeat(bytes)),
        ),
      }),
    ];
  }
}

type Crash = Extract<Action, { type: 'crash' }>;

function toText(entry: Entry | null | undefined) {
  if (!entry) return null;
  return [entry.index, entry.term, entry.kind, Buffer.from(entry.data).toString()];
}

test('no crash, loss of power or failed sync takes an acknowledged write or makes one up', () => {
  let crashCount = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25 }), fc.nat(), (actions, seed) => {
      const life = new Life((seed % 9973) / 9973);
      for (const [position, next] of actions.entries()) life.run(next, actions[position + 1]);
      crashCount += life.crashCount;
    }),
    { numRuns: 1500 },
  );
  expect(crashCount).toBeGreaterThan(1000);
}, 60_000);
