import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Ledger, type MatrixRun } from './ledger.ts';
import { type Cell, cellName } from './plan.ts';

let out: string;

beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'rafture-matrix-ledger-'));
});

afterEach(() => {
  rmSync(out, { recursive: true, force: true });
});

const cell: Cell = {
  workload: 'set',
  cluster: 'sim',
  bug: null,
  expect: [],
  args: ['--workload', 'set', '--time-limit', '5'],
  runCount: 10,
};

function run(seed: number): MatrixRun {
  const words = { outcome: 'valid', by: [], found: [], reason: '', repeat: 'again' } as const;
  return { cell: cellName(cell), seed, ...words, seconds: 1, folder: null };
}

test('what has been run is there when the matrix goes on', () => {
  const first = new Ledger(out, { resume: false });
  first.add(run(1));
  first.add(run(2));
  const second = new Ledger(out, { resume: true });
  expect(second.runsOf(cell)).toEqual([run(1), run(2)]);
  expect([1, 2, 3].map((seed) => second.has(cell, seed))).toEqual([true, true, false]);
});

test('runs with another bug or other flags are another cell’s', () => {
  const ledger = new Ledger(out, { resume: false });
  ledger.add(run(1));
  expect(ledger.has({ ...cell, bug: 'lost' }, 1)).toBe(false);
  expect(ledger.has({ ...cell, args: ['--workload', 'set', '--time-limit', '9'] }, 1)).toBe(false);
  expect(ledger.has({ ...cell, runCount: 3 }, 1)).toBe(true);
});

test('a folder that has runs is not mixed up with new ones unless that is asked for', () => {
  new Ledger(out, { resume: false }).add(run(1));
  expect(() => new Ledger(out, { resume: false })).toThrow(/has runs already: --resume/);
});

test('a line that was torn counts for nothing, and the next one stands by itself', () => {
  const ledger = new Ledger(out, { resume: false });
  ledger.add(run(1));
  const path = join(out, 'runs.jsonl');
  appendFileSync(path, JSON.stringify(run(2)).slice(0, 30));
  new Ledger(out, { resume: true }).add(run(3));
  const again = new Ledger(out, { resume: true });
  expect(again.runsOf(cell).map(({ seed }) => seed)).toEqual([1, 3]);
  expect(readFileSync(path, 'utf8').split('\n').length).toBe(3);
});

test('a file that is something else is refused with its line', () => {
  writeFileSync(join(out, 'runs.jsonl'), `${JSON.stringify(run(1))}\n{"seed":1}\n`);
  expect(() => new Ledger(out, { resume: true })).toThrow(/runs\.jsonl, line 2 is not a run/);
});
