/**
 * The console of a run: a live line while it runs, the verdict, the counts and the path at its end.
 *
 * On a terminal one line is rewritten, elsewhere a plain line comes every few seconds. It watches
 * and never decides; time and output are injected.
 */
import { relative } from 'node:path';
import type { Op } from '../checker/history.ts';
import type { Validity } from './checker.ts';
import { countOutcomes, describeOutcome, listMissed } from './report/fault-words.ts';
import { describeCount, describeDuration, describeMany } from './report/figures.ts';
import type { ResultsRecord, TestRecord } from './report/run-record.ts';
import type { RunStats } from './report/stats.ts';
import { describeVerdict, isOfWitness, wordOf } from './report/verdict-words.ts';
import { createRealTimers } from './run/real-timers.ts';
import type { HarnessTimers } from './run/timers.ts';

/** What the live line says of the cluster. */
interface ConsoleStatus {
  readonly phase: 'workload' | 'recovery';
  /** Faults in force, in words. */
  readonly faults: readonly string[];
  readonly leader: string | null;
  readonly term: number;
}

/** Where lines go: process.stdout, or a test's list of them. */
interface ConsoleOutput {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Columns of the terminal, now. */
  readonly columns: number;
}

export interface ConsoleOptions {
  readonly output: ConsoleOutput;
  readonly timers: HarnessTimers;
  readonly colour: boolean;
}

export interface RunConsole {
  /** A line of its own, at any time. */
  note(line: string): void;
  /** Says what is run, and begins the live line. */
  start(test: TestRecord, path: string): void;
  onOp(op: Op): void;
  onStatus(status: ConsoleStatus): void;
  /** The run is over and the history is checked: the live line tells of the run no more. */
  startCheck(): void;
  /** The user wants it to end; the verdict begins with that. */
  askedToStop(): void;
  /** Ends the live line and prints the verdict. */
  finish(results: ResultsRecord, path: string): void;
  /** Ends the live line; safe to call twice. */
  stop(): void;
}

/** On process.stdout and real time unless told otherwise. */
export function createRunConsole(options?: ConsoleOptions): RunConsole {
  return new LiveConsole(options ?? standardOptions());
}

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';

interface Part {
  readonly text: string;
  readonly style?: Style;
}

const redrawMs = { terminal: 200, plain: 5000 };
const rateWindowNs = 2e9;
/** Lines of faults that were not injected. */
const missedMax = 10;

const styles: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

class LiveConsole implements RunConsole {
  readonly #options: ConsoleOptions;
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  /** Completions at earlier moments, for the rate of the last seconds. */
  #samples: { readonly atNs: number; readonly completed: number }[] = [];
  #status: ConsoleStatus = { phase: 'workload', faults: [], leader: null, term: 0 };
  #test: TestRecord | null = null;
  #startedNs = 0;
  #checkingSinceNs: number | null = null;
  #stoppedNs: number | null = null;
  #cancel: (() => void) | null = null;
  #lineShown = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  note(line: string): void {
    this.#print([{ text: line, style: 'dim' }]);
  }

  start(test: TestRecord, path: string): void {
    this.#test = test;
    this.#startedNs = this.#options.timers.nowNs();
    const faults = test.nemesis.length === 0 ? 'no faults' : test.nemesis.join(', ');
    const bug = test.bug === null ? '' : `, planted bug ${test.bug}`;
    this.#print([
      { text: test.name, style: 'bold' },
      {
        text:
          ` on ${describeMany(test.nodes.length, 'node')} (${test.cluster.kind}), ` +
          `${describeMany(test.concurrency, 'client')}, ${faults}, seed ${test.seed}${bug}`,
      },
    ]);
    this.note(`${test.cluster.description}`);
    this.note(`results in ${describePath(path)}`);
    this.#schedule();
  }

  onOp(op: Op): void {
    if (op.process !== 'nemesis' && op.type !== 'invoke') this.#counts[op.type]++;
  }

  onStatus(status: ConsoleStatus): void {
    this.#status = status;
  }

  startCheck(): void {
    this.#checkingSinceNs = this.#options.timers.nowNs();
    this.note('checking the history');
  }

  askedToStop(): void {
    this.#stoppedNs ??= this.#options.timers.nowNs();
    this.note('stopping; what there is gets checked (Ctrl-C again to give up)');
  }

  finish(results: ResultsRecord, path: string): void {
    this.stop();
    const [empty = [], headline = [], [reason] = [], ...others] = verdictLines(this.#test, results);
    const told = { text: `${this.#describeStop()}${reason?.text ?? ''}` };
    for (const line of [empty, headline, [told], ...others]) this.#print(line);
    const report = describePath(`${path}/report.html`);
    this.#print([{ text: '  report  ', style: 'dim' }, { text: report }]);
    if (this.#test !== null) {
      this.#print([{ text: '  repeat  ', style: 'dim' }, { text: this.#test.repeat }]);
    }
    if (results.traceHash !== undefined) {
      this.#print([{ text: '  trace   ', style: 'dim' }, { text: results.traceHash }]);
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#clearLine();
  }

  /** Else its consequences would read like findings. */
  #describeStop(): string {
    if (this.#stoppedNs === null) return '';
    const age = describeAge(this.#stoppedNs - this.#startedNs);
    return `You stopped it ${age} after it began, which may explain what follows. `;
  }

  #schedule(): void {
    const { timers, output } = this.#options;
    const delayMs = output.isTTY ? redrawMs.terminal : redrawMs.plain;
    this.#cancel = timers.after(delayMs, () => {
      this.#draw();
      this.#schedule();
    });
  }

  #draw(): void {
    const { output } = this.#options;
    const parts = this.#liveParts();
    if (!output.isTTY) {
      this.#print(parts);
      return;
    }
    const fitting = fitParts(parts, Math.max(20, output.columns - 1));
    output.write(`\r\u001b[2K${this.#render(fitting)}`);
    this.#lineShown = true;
  }

  #liveParts(): Part[] {
    const nowNs = this.#options.timers.nowNs();
    const since = this.#checkingSinceNs;
    const age: Part = { text: describeAge(nowNs - this.#startedNs).padStart(5), style: 'dim' };
    if (since === null) return [age, ...this.#runParts(nowNs)];
    return [age, { text: `  checking, for ${describeAge(nowNs - since)}` }];
  }

  #runParts(nowNs: number): Part[] {
    const { ok, fail, info } = this.#counts;
    const { phase, faults, leader, term } = this.#status;
    const inForce = faults.length === 0 ? 'none' : faults.join('; ');
    return [
      { text: `  ${describeCount(this.#rate(nowNs))} ops/s`.padEnd(13), style: 'bold' },
      { text: `  ok ${describeCount(ok)}  fail ${describeCount(fail)}` },
      { text: `  info ${describeCount(info)}` },
      leader === null
        ? { text: '  no leader', style: 'yellow' }
        : { text: `  leader ${leader}, term ${term}` },
      ...(phase === 'recovery' ? [{ text: '  recovering' }] : []),
      faults.length === 0
        ? { text: '  fault none', style: 'dim' }
        : { text: `  fault ${inForce}`, style: 'yellow' },
    ];
  }

  /** Completions per second over the last two seconds, or from line to line where it is slower. */
  #rate(nowNs: number): number {
    const { ok, fail, info } = this.#counts;
    const completed = ok + fail + info;
    const first = this.#samples[0] ?? { atNs: this.#startedNs, completed: 0 };
    this.#samples.push({ atNs: nowNs, completed });
    const recent = this.#samples.filter(({ atNs }) => atNs >= nowNs - rateWindowNs);
    this.#samples = recent.length > 1 ? recent : this.#samples.slice(-2);
    const elapsedNs = nowNs - first.atNs;
    return elapsedNs <= 0 ? 0 : ((completed - first.completed) * 1e9) / elapsedNs;
  }

  #print(parts: readonly Part[]): void {
    this.#clearLine();
    this.#options.output.write(`${this.#render(parts).trimEnd()}\n`);
  }

  #clearLine(): void {
    if (this.#lineShown) this.#options.output.write('\r\u001b[2K');
    this.#lineShown = false;
  }

  #render(parts: readonly Part[]): string {
    return parts
      .map(({ text, style }) => {
        if (style === undefined || !this.#options.colour) return printable(text);
        const [on, off] = styles[style];
        return `\u001b[${on}m${printable(text)}\u001b[${off}m`;
      })
      .join('');
  }
}

/** The verdict, the reason, the counts and the checkers, a line each. */
function verdictLines(test: TestRecord | null, results: ResultsRecord): Part[][] {
  const styleOf = (valid: Validity): Style =>
    (({ valid: 'green', invalid: 'red', unknown: 'yellow' }) as const)[wordOf(valid)];
  const words = test === null ? null : describeVerdict({ test, results });
  const word = wordOf(results.valid).toUpperCase();
  // "Unknown" is all that there is to say of an unknown; it is not said twice.
  const isNews = words !== null && words.headline.toUpperCase() !== word;
  const headline = isNews ? `${word}: ${words.headline}` : word;
  const lines: Part[][] = [
    [],
    [{ text: headline, style: styleOf(results.valid) }],
    [{ text: words?.reason ?? '' }],
    [],
    ...countLines(results.stats).map((text) => [{ text }]),
    [],
  ];
  const witness = results.linearizability?.valid === false ? results.linearizability.witness : null;
  for (const { name, valid, summary, blind } of results.checkers) {
    const isSaid = words !== null && witness !== null && isOfWitness(summary, witness);
    lines.push([
      { text: `  ${wordOf(valid).padEnd(8)}`, style: styleOf(valid) },
      { text: `${name}: ${isSaid ? 'see above' : summary}` },
    ]);
    if (valid === true) continue;
    for (const spot of blind) {
      lines.push([{ text: `          blind: ${spot}`, style: 'dim' }]);
    }
  }
  for (const { name, why } of results.removedCheckers) {
    lines.push([{ text: `  not run ${name}: ${why}`, style: 'dim' }]);
  }
  return [...lines, ...missedLines(results), ...blindLines(results), []];
}

/** What was asked for and not injected; the report has all of it. */
function missedLines(results: ResultsRecord): Part[][] {
  const missed = listMissed(results);
  if (missed.length === 0) return [];
  const shown = missed.slice(0, missedMax);
  const texts = [
    `  faults: ${countOutcomes(results)}`,
    ...shown.map(({ outcome, name, reason, count }) => {
      const times = count === 1 ? '' : `, ${count} times`;
      return `    ${describeOutcome(outcome)}${times} ${name}: ${reason}`;
    }),
    ...(missed.length > shown.length
      ? [`    ${missed.length - shown.length} more: in the report`]
      : []),
  ];
  return texts.map((text) => [{ text, style: 'dim' }]);
}

/** How much the others could not see, in number; the report has it in words. */
function blindLines({ checkers }: ResultsRecord): Part[][] {
  const others = checkers.filter(({ valid }) => valid === true);
  const count = others.reduce((sum, { blind }) => sum + blind.length, 0);
  if (count === 0) return [];
  const text = `  ${describeMany(count, 'thing')} that the valid ones could not see: in the report`;
  return [[{ text, style: 'dim' }]];
}

function countLines(stats: RunStats): string[] {
  const { ok, fail, info } = stats;
  const rows = [...stats.byF, { f: 'all', ok, fail, info }].map((row) => [
    row.f,
    describeCount(row.ok),
    describeCount(row.fail),
    describeCount(row.info),
  ]);
  const table = [['', 'ok', 'fail', 'info'], ...rows];
  const width = Math.max(...table.map(([f = '']) => f.length));
  const rate = `${describeCount(stats.okPerSecond)} ok per second`;
  return [
    ...table.map(([f = '', ...counts]) => {
      return `  ${f.padEnd(width)}${counts.map((count) => count.padStart(10)).join('')}`;
    }),
    `  in ${describeDuration(stats.durationNs)}, ${rate}`,
  ];
}

function describeAge(ns: number): string {
  return `${Math.floor(ns / 1e9)} s`;
}

/** Parts up to a number of columns; what does not fit is cut with dots. */
function fitParts(parts: readonly Part[], columns: number): Part[] {
  const fitting: Part[] = [];
  let left = columns;
  for (const part of parts) {
    if (part.text.length > left) {
      fitting.push({ ...part, text: `${part.text.slice(0, Math.max(0, left - 3))}...` });
      break;
    }
    fitting.push(part);
    left -= part.text.length;
  }
  return fitting;
}

/** Values of the system under test must not move the cursor or colour the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

/** Below the working directory without it, so that it can be clicked and copied. */
export function describePath(path: string): string {
  const own = relative(process.cwd(), path);
  return own === '' || own.startsWith('..') ? path : own;
}

/** process.stdout, on real time. */
export function standardOptions(): ConsoleOptions {
  const { stdout, env } = process;
  // A reader that goes away (`| head`) must not end the run.
  stdout.on('error', () => {});
  const isTTY = stdout.isTTY === true;
  return {
    output: {
      write: (text) => {
        stdout.write(text);
      },
      isTTY,
      get columns() {
        return stdout.columns ?? 80;
      },
    },
    timers: createRealTimers(),
    colour: isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  };
}
