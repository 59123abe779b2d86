import { expect, test } from 'vitest';
import type { HarnessTimers } from '../run/timers.ts';
import { madeSeed } from './made-seeds.ts';
import type { SeedRecord } from './seed-record.ts';
import { countOutcomes, groupFailures, sumOf } from './seed-tally.ts';
import { SimConsole } from './sim-console.ts';

/** A clock that a test moves on. */
class MadeTimers implements HarnessTimers {
  #nowNs = 0;
  #waiting: { readonly atNs: number; readonly callback: () => void }[] = [];

  nowNs(): number {
    return this.#nowNs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const entry = { atNs: this.#nowNs + delayMs * 1e6, callback };
    this.#waiting.push(entry);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== entry);
    };
  }

  advance(seconds: number): void {
    const untilNs = this.#nowNs + seconds * 1e9;
    for (;;) {
      const [next] = this.#waiting.toSorted((one, other) => one.atNs - other.atNs);
      if (next === undefined || next.atNs > untilNs) break;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      this.#nowNs = next.atNs;
      next.callback();
    }
    this.#nowNs = untilNs;
  }
}

function openConsole(isTTY: boolean): {
  readonly console: SimConsole;
  readonly timers: MadeTimers;
  readonly written: () => string;
} {
  let text = '';
  const timers = new MadeTimers();
  const output = {
    write: (part: string) => {
      text += part;
    },
    isTTY,
    columns: 100,
  };
  return {
    console: new SimConsole({ output, timers, colour: false }),
    timers,
    written: () => text,
  };
}

const none = countOutcomes([]);
const plan = { headline: 'a series', planned: 100, earlier: none };

function endOf(records: readonly SeedRecord[]): Parameters<SimConsole['finish']>[0] {
  return {
    ...{ verdict: 'INVALID: some', word: 'invalid', path: 'results/sim' },
    counts: countOutcomes(records),
    totals: sumOf(records),
    groups: groupFailures(records),
  };
}

test('a line says how many are done, how fast, what came of them and what is left', () => {
  const { console, timers, written } = openConsole(false);
  console.start(plan);
  for (let seed = 1; seed <= 10; seed++) console.onRecord(madeSeed(seed));
  timers.advance(5);
  expect(written()).toContain(
    '   5 s  10 of 100 seeds  2.0 per second  10 valid, 0 invalid, 0 unknown  45 s left\n',
  );
  console.stop();
});

test('plain lines become seldom, so that a long count does not fill a log', () => {
  const { console, timers, written } = openConsole(false);
  console.start(plan);
  timers.advance(60);
  expect(written().split('\n').length - 2).toBe(12);
  timers.advance(60);
  expect(written().split('\n').length - 2).toBe(14);
  console.stop();
});

test('what the ledger had is counted in the outcomes and not in the rate', () => {
  const { console, timers, written } = openConsole(false);
  console.start({ ...plan, earlier: { ...none, valid: 40, invalid: 1 } });
  console.onRecord(madeSeed(41));
  timers.advance(5);
  expect(written()).toContain('1 of 100 seeds  0.2 per second  41 valid, 1 invalid, 0 unknown');
  console.stop();
});

test('on a terminal one line is rewritten, cut to its width, and gone at the end', () => {
  const { console, timers, written } = openConsole(true);
  console.start(plan);
  timers.advance(0.2);
  const shown = written().split('\u001b[2K').at(-1) ?? '';
  expect(shown.length).toBeLessThan(100);
  expect(shown).toContain('0 of 100 seeds');
  console.onRecord(madeSeed(1, 'invalid'));
  expect(written()).toContain(`${shown}\r\u001b[2Kinvalid seed 1`);
  console.stop();
});

test('a failure is told at once with its line, some of each kind, and the rest is counted', () => {
  const { console, written } = openConsole(false);
  console.start(plan);
  const records = Array.from({ length: 20 }, (_, place) => madeSeed(place + 1, 'invalid'));
  for (const record of records) console.onRecord(record);
  console.onRecord(madeSeed(30, 'invalid', { fingerprint: 'another' }));
  const told = written().match(/^invalid seed \d+/gm);
  expect(told).toEqual([1, 2, 3, 30].map((seed) => `invalid seed ${seed}`));
  expect(written()).toContain('  npx rafture sim --seed 30\n');
  console.finish(endOf(records));
  expect(written()).toContain('  invalid  20 seeds  linearizable: a read went back');
  expect(written()).toContain('the shortest is seed 1: 101 lines of history, 2 faults; then 2, 3');
  expect(written()).toContain('and 11 more');
  expect(written()).toContain('npx rafture test --cluster sim --seed 1\n');
});

test('what a system says moves no cursor', () => {
  const { console, written } = openConsole(false);
  console.start(plan);
  const findings = [{ oracle: 'logs', valid: false, summary: 'a\u001b[2Jb' }] as const;
  console.onRecord(madeSeed(1, 'invalid', { findings }));
  expect(written()).not.toContain('\u001b');
});
