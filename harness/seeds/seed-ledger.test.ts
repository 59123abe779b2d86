import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { madeSeed } from './made-seeds.ts';
import { SeedLedger, type SeriesFacts } from './seed-ledger.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rafture-seed-ledger-'));
  path = join(folder, 'parts/seeds.jsonl');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const facts: SeriesFacts = { args: ['--workload', 'set'], bug: null, code: 'abc' };

function seedsOf(ledger: SeedLedger): readonly number[] {
  return [...ledger.records.keys()];
}

test('a seed that was run is there when the series goes on, with all that was kept of it', () => {
  const ledger = new SeedLedger(path, facts);
  ledger.add(madeSeed(1));
  ledger.add(madeSeed(2, 'invalid'));
  const again = new SeedLedger(path, facts);
  expect([...again.records.values()]).toEqual([madeSeed(1), madeSeed(2, 'invalid')]);
});

test('a line has left the process when add returns', () => {
  const ledger = new SeedLedger(path, facts);
  ledger.add(madeSeed(1, 'invalid'));
  expect(readFileSync(path, 'utf8')).toContain('npx rafture sim --seed 1');
});

test('seeds of other flags, of another bug and of other code count for nothing', () => {
  new SeedLedger(path, facts).add(madeSeed(1));
  for (const other of [{ args: [] }, { bug: 'lost' }, { code: 'abd' }]) {
    const ledger = new SeedLedger(path, { ...facts, ...other });
    expect(seedsOf(ledger), JSON.stringify(other)).toEqual([]);
    expect(ledger.otherCount).toBe(1);
  }
});

test('a seed that crashed has no verdict, and is run again', () => {
  new SeedLedger(path, facts).add(madeSeed(1, 'crashed', { traceHash: null }));
  const ledger = new SeedLedger(path, facts);
  expect(seedsOf(ledger)).toEqual([]);
  ledger.add(madeSeed(1));
  expect(seedsOf(new SeedLedger(path, facts))).toEqual([1]);
});

test('a last line that was torn is cut off, and the next one stands by itself', () => {
  new SeedLedger(path, facts).add(madeSeed(1));
  const whole = readFileSync(path, 'utf8');
  appendFileSync(path, whole.slice(0, 60).replace('set', 'sé'));
  new SeedLedger(path, facts).add(madeSeed(3));
  expect(seedsOf(new SeedLedger(path, facts))).toEqual([1, 3]);
  expect(readFileSync(path, 'utf8').split('\n').length).toBe(3);
});

test('files of two machines are merged by putting one behind the other', () => {
  const other = join(folder, 'other.jsonl');
  new SeedLedger(path, facts).add(madeSeed(1));
  new SeedLedger(other, facts).add(madeSeed(2));
  new SeedLedger(other, facts).add(madeSeed(1));
  appendFileSync(path, readFileSync(other));
  const merged = new SeedLedger(path, facts);
  expect(seedsOf(merged)).toEqual([1, 2]);
  expect(merged.contradictions).toEqual([]);
});

test('one seed that went two ways is told: nothing but the seed may decide', () => {
  const ledger = new SeedLedger(path, facts);
  ledger.add(madeSeed(1));
  ledger.add(madeSeed(1, 'valid', { traceHash: 'another' }));
  const expected = [{ seed: 1, traceHashes: ['hash-1', 'another'] }];
  expect(ledger.contradictions).toEqual(expected);
  expect(new SeedLedger(path, facts).contradictions).toEqual(expected);
});

test('a file that is something else is refused with its line', () => {
  new SeedLedger(path, facts).add(madeSeed(1));
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"seed":1}\n`);
  expect(() => new SeedLedger(path, facts)).toThrow(/seeds\.jsonl, line 2 is not a seed/);
});
