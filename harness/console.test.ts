import { expect, test } from 'vitest';
import type { Op } from '../checker/history.ts';
import { type ConsoleOptions, createRunConsole, type RunConsole } from './console.ts';
import { sampleRun } from './report/sample-run.ts';

/** A terminal of text, and a clock that the test moves. */
class Bench {
  written = '';
  #nowNs = 0;
  #timers: { at: number; callback: () => void }[] = [];
  readonly console: RunConsole;

  constructor({ isTTY = false, colour = false, columns = 100 } = {}) {
    const options: ConsoleOptions = {
      output: {
        write: (text) => {
          this.written += text;
        },
        isTTY,
        columns,
      },
      timers: {
        nowNs: () => this.#nowNs,
        after: (delayMs, callback) => {
          const timer = { at: this.#nowNs + delayMs * 1e6, callback };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
      },
      colour,
    };
    this.console = createRunConsole(options);
  }

  get pendingCount(): number {
    return this.#timers.length;
  }

  advance(ms: number): void {
    const until = this.#nowNs + ms * 1e6;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowNs = next.at;
      next.callback();
    }
    this.#nowNs = until;
  }

  takeLines(): string[] {
    const lines = this.written.split('\n');
    this.written = '';
    return lines;
  }

  complete(type: Op['type'], count: number): void {
    for (let index = 0; index < count; index++) {
      this.console.onOp({ index, timeNs: 0, process: 1, type, f: 'read', value: null });
    }
  }
}

const clearLine = '\r\u001b[2K';
const { test: record, results } = sampleRun({ seed: 7 });

test('without a terminal a plain line comes every five seconds, and nothing is rewritten', () => {
  const bench = new Bench();
  bench.console.start(record, '/tmp/run');
  bench.takeLines();
  bench.complete('invoke', 70);
  bench.complete('ok', 50);
  bench.complete('fail', 2);
  bench.complete('info', 3);
  bench.console.onStatus({
    phase: 'workload',
    faults: ['partition n4 alone'],
    leader: 'n3',
    term: 2,
  });
  bench.advance(4900);
  expect(bench.written).toBe('');
  bench.advance(200);
  expect(bench.takeLines()).toEqual([
    '  5 s  11 ops/s     ok 50  fail 2  info 3  leader n3, term 2  fault partition n4 alone',
    '',
  ]);
});

test('on a terminal one line is rewritten, and a note stands above it', () => {
  const bench = new Bench({ isTTY: true });
  bench.console.start(record, '/tmp/run');
  bench.takeLines();
  bench.advance(200);
  expect(bench.written.startsWith(clearLine)).toBe(true);
  expect(bench.written).toContain('no leader');
  expect(bench.written).not.toContain('\n');
  bench.takeLines();
  bench.console.note('healing');
  expect(bench.written).toBe(`${clearLine}healing\n`);
  bench.takeLines();
  bench.console.stop();
  bench.console.stop();
  bench.advance(10_000);
  expect(bench.written).toBe('');
  expect(bench.pendingCount).toBe(0);
});

test('while the history is checked the live line tells for how long, and not of the run', () => {
  const bench = new Bench();
  bench.console.start(record, '/tmp/run');
  bench.console.onStatus({ phase: 'recovery', faults: ['kill n1'], leader: 'n3', term: 2 });
  bench.advance(7000);
  bench.takeLines();
  bench.console.startCheck();
  expect(bench.takeLines()).toEqual(['checking the history', '']);
  bench.advance(5000);
  expect(bench.takeLines()).toEqual([' 10 s  checking, for 3 s', '']);
  bench.console.stop();
  expect(bench.pendingCount).toBe(0);
});

test('the live line never wraps, however long the fault is', () => {
  const bench = new Bench({ isTTY: true, columns: 60 });
  bench.console.start(record, '/tmp/run');
  bench.console.onStatus({ phase: 'recovery', faults: ['x'.repeat(300)], leader: null, term: 0 });
  bench.takeLines();
  bench.advance(200);
  const line = bench.written.replace(clearLine, '');
  expect(line.length).toBeLessThanOrEqual(59);
  expect(line.endsWith('...')).toBe(true);
});

test('the rate is that of the last seconds', () => {
  const bench = new Bench({ isTTY: true });
  bench.console.start(record, '/tmp/run');
  for (let step = 0; step < 50; step++) {
    bench.complete('ok', step < 25 ? 100 : 20);
    bench.advance(200);
  }
  expect(bench.written).toContain(' 500 ops/s');
  expect(bench.written.slice(-100)).toContain(' 100 ops/s');
});

test('a run that somebody stopped says so first, and when', () => {
  const bench = new Bench();
  bench.console.start(record, '/tmp/run');
  bench.advance(4800);
  bench.takeLines();
  bench.console.askedToStop();
  expect(bench.takeLines()).toEqual([
    'stopping; what there is gets checked (Ctrl-C again to give up)',
    '',
  ]);
  bench.advance(3000);
  bench.console.askedToStop();
  bench.takeLines();
  bench.console.finish({ ...results, valid: 'unknown' }, '/tmp/run');
  const [, headline, reason] = bench.takeLines();
  expect(headline).toBe('UNKNOWN');
  expect(reason).toMatch(
    /^You stopped it 4 s after it began, which may explain what follows\. +\S/,
  );
});

test('the end says the verdict, the counts, the checkers, the report and how to repeat', () => {
  const bench = new Bench();
  bench.console.start(record, '/tmp/run');
  bench.takeLines();
  bench.console.finish(results, '/tmp/elsewhere');
  const text = bench.written;
  expect(text).toContain('VALID: Linearizable\n');
  expect(text).toMatch(/read +\d+ +\d+ +\d+\n/);
  expect(text).toMatch(/all +\d+ +\d+ +\d+\n/);
  expect(text).toContain('faults: 4 of 5 faults took effect');
  expect(text).toContain('report  /tmp/elsewhere/report.html');
  expect(text).toContain(`repeat  ${record.repeat}`);
  expect(text).not.toContain('\u001b');
  expect(bench.pendingCount).toBe(0);
});

test('a violation and an unknown are named as such', () => {
  for (const [verdict, words] of [
    ['invalid', 'INVALID: Not linearizable\nRead 812 of key 7'],
    ['unknown', 'UNKNOWN\nKey k3 was not decided'],
  ] as const) {
    const bench = new Bench();
    bench.console.start(record, '/tmp/run');
    bench.console.finish(sampleRun({ seed: 7, verdict }).results, '/tmp/run');
    expect(bench.written).toContain(words);
  }
});

test('colour is used when it is asked for, and no value of the system can add any', () => {
  const hostile = '\u001b[31mred\u0007';
  const bench = new Bench({ colour: true });
  const sample = sampleRun({ seed: 7, verdict: 'invalid', hostile });
  bench.console.start(sample.test, '/tmp/run');
  bench.console.finish(sample.results, '/tmp/run');
  expect(bench.written).toContain('\u001b[31mINVALID: Not linearizable\u001b[39m');
  expect(bench.written).not.toContain(hostile);
  expect(bench.written).not.toContain('\u0007');
});

test('blind spots of what is not valid are told, those of the others counted', () => {
  const bench = new Bench();
  const { test: other, results: unknown } = sampleRun({ seed: 7, verdict: 'unknown' });
  bench.console.start(other, '/tmp/run');
  const [first, second, ...rest] = unknown.checkers;
  if (first === undefined || second === undefined) throw new Error('no checkers');
  const quiet = { ...second, blind: ['one thing', 'another'] };
  bench.takeLines();
  bench.console.finish({ ...unknown, checkers: [first, quiet, ...rest] }, '/tmp/run');
  const lines = bench.takeLines();
  const at = lines.findIndex((line) => line.startsWith('  unknown linearizable: key k3'));
  expect(lines.slice(at + 1, at + 6)).toEqual([
    '          blind: operations of unknown outcome: each may have happened, or not',
    '          blind: reads',
    '  valid   faults: 4 of 5 faults took effect',
    '  not run convergence: the system tells nobody its state',
    '  faults: 4 injected, 1 failed, 1 skipped, 1 not reached',
  ]);
  expect(lines.slice(at + 6, at + 10)).toEqual([
    '    failed partition majorities-ring: nothing ran into it',
    '    skipped power all: two nodes are down',
    '    not reached crash-point: its turn did not come',
    '  2 things that the valid ones could not see: in the report',
  ]);
  bench.console.finish({ ...unknown, checkers: [{ ...quiet, blind: [] }] }, '/tmp/run');
  expect(bench.written).not.toContain('could not see');
});
