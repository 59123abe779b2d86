/**
 * What every workload must do, as a suite for its test: honest stores pass, planted bugs are found.
 */
import { describe, expect, it } from 'vitest';
import type { Op } from '../checker/history.ts';
import type { Verdict } from '../checker/verdict.ts';
import type { Workload } from '../harness/workload.ts';
import {
  checkOps,
  type DriveOptions,
  driveWorkload,
  probeKey,
  sizeRequest,
  type TestStore,
} from './test-store.ts';

export interface PlantedBug {
  /** What it does, as the end of "finds …". */
  readonly name: string;
  readonly store: TestStore<unknown>;
  /** Kinds of witnesses that say what it is. */
  readonly kinds: readonly string[];
}

export interface SuiteOptions<State> {
  readonly workload: Workload;
  readonly store: TestStore<State>;
  /** Operations whose argument no other operation of the run may have. */
  readonly uniqueFs: readonly string[];
  /** Operations that change nothing: all that every other thread may ask. */
  readonly readFs: readonly string[];
  readonly bugs: readonly PlantedBug[];
}

const seeds = [1, 2, 3, 4, 5];
const rough = { unknown: 0.03, fail: 0.05, opCount: 1500 } as const;

export function itIsAWorkload<State>({
  workload,
  store,
  uniqueFs,
  readFs,
  bugs,
}: SuiteOptions<State>): void {
  const drive = (seed: number, options: Partial<DriveOptions<State>> = {}): readonly Op[] =>
    driveWorkload({ workload, store, seed, ...rough, ...options }).ops;

  describe(`the workload ${workload.name}`, () => {
    it.each(seeds)(
      'is valid on an honest store that loses answers and refuses (seed %i)',
      (seed) => {
        expect(checkOps(drive(seed), workload.model).valid).toBe(true);
      },
    );

    it('gives the same operations for the same seed and the same completions', () => {
      expect(drive(7)).toEqual(drive(7));
      expect(drive(7)).not.toEqual(drive(8));
    });

    it('asks for what it says that it needs, all of it, and each has succeeded', () => {
      const succeeded = drive(1).filter(({ type }) => type === 'ok');
      const asked = drive(1).map(({ f }) => f);
      expect([...new Set(asked)].sort()).toEqual([...workload.fs].sort());
      expect([...new Set(succeeded.map(({ f }) => f))].sort()).toEqual([...workload.fs].sort());
    });

    it('never writes a value twice in a run, on whichever key', () => {
      const ops = drive(1, { opCount: 4000 });
      const written = ops.filter(({ type, f }) => type === 'invoke' && uniqueFs.includes(f));
      const values = written.map(({ f, value }) => `${f} ${writtenBy(value)}`);
      expect(new Set(values).size).toBe(values.length);
      expect(values.length).toBeGreaterThan(300);
    });

    it('has every other client only read, so that somebody looks where changes hang', () => {
      const { ops } = driveWorkload({ workload, store, seed: 1, concurrency: 6, opCount: 600 });
      const invoked = ops.filter(({ type, key }) => type === 'invoke' && key !== probeKey);
      const changers = new Set(
        invoked.filter(({ f }) => !readFs.includes(f)).map(({ process }) => Number(process)),
      );
      expect(changers).toEqual(new Set([0, 2, 4]));
      const asked = new Set(invoked.map(({ process }) => Number(process)));
      expect([...asked]).toEqual(expect.arrayContaining([1, 3, 5]));
    });

    it('looks at every key at the end, until it is answered', () => {
      const { ops, finalFrom, keys } = driveWorkload({ workload, store, seed: 1, fail: 0.3 });
      const final = ops
        .slice(finalFrom)
        .filter(({ type, f }) => type === 'ok' && readFs.includes(f));
      expect(new Set(final.map(({ key }) => key))).toEqual(new Set(keys));
      expect(keys.length).toBeGreaterThan(5);
    });

    it('probes with a change, another one each time', () => {
      const probes = [0, 1, 2, 3].map((attempt) => workload.createProbe(attempt));
      for (const { f } of probes) expect(uniqueFs).toContain(f);
      expect(new Set(probes.map(({ value }) => value)).size).toBe(4);
    });

    it('says how large it is, and lets the user say otherwise', () => {
      const chosen = workload.size(sizeRequest({}));
      expect(chosen.keyCount).toBeGreaterThan(0);
      expect(chosen.notes.join(' ')).not.toBe('');
      const said = workload.size(sizeRequest({ keyCount: 3, opsPerKey: 77 }));
      expect(said).toMatchObject({ keyCount: 3, opsPerKey: 77 });
    });

    it.each(bugs)('finds $name', ({ store: planted, kinds }) => {
      for (const seed of seeds) {
        const verdict = findIn({ workload, store: planted, seed });
        expect(verdict, `seed ${seed}`).toMatchObject({ valid: false });
        if (verdict.valid === false) expect(kinds).toContain(verdict.witness.kind);
      }
    });
  });
}

function findIn(options: Pick<DriveOptions<unknown>, 'workload' | 'store' | 'seed'>): Verdict {
  return checkOps(driveWorkload({ ...options, ...rough }).ops, options.workload.model);
}

/** Of a compare-and-set only what it would write. */
function writtenBy(value: unknown): unknown {
  return Array.isArray(value) ? value[1] : value;
}
