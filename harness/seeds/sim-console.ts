/**
 * The console of a series of seeds: a live line while they run, a failure as soon as it is known,
 * and at the end the failures by kind, the shortest first, each with the lines that repeat it.
 *
 * On a terminal one line is rewritten, elsewhere a plain line comes every few seconds. It watches
 * and never decides; time and output are injected.
 */
import { type ConsoleOptions, printable } from '../console.ts';
import { describeCount, describeDuration, describeMany } from '../report/figures.ts';
import { shorten } from '../report/html.ts';
import type { Outcome, SeedRecord } from './seed-record.ts';
import { kindOf, type OutcomeCounts, type SeedGroup, type SeedTotals } from './seed-tally.ts';

/** Before the first seed. */
export interface SeriesPlan {
  /** Such as `10,000 seeds from 1 on`. */
  readonly headline: string;
  /** Seeds that are to be run now. */
  readonly planned: number;
  /** What stands in the ledger already. */
  readonly earlier: OutcomeCounts;
}

/** After the last one. */
export interface SeriesEnd {
  /** A sentence. */
  readonly verdict: string;
  readonly word: 'valid' | 'invalid' | 'unknown';
  readonly counts: OutcomeCounts;
  readonly totals: SeedTotals;
  readonly groups: readonly SeedGroup[];
  /** Where the rest is told. */
  readonly path: string;
}

/** Plain lines come seldom after the first minute: a long count is not to fill a log. */
const redrawMs = { terminal: 200, plain: 5000, plainLater: 30_000 };
const laterNs = 60e9;
const rateWindowNs = 10e9;
/** Failures of one kind that are told as they come; the others are in the ledger. */
const toldPerKind = { invalid: 3, crashed: 3, unknown: 1, valid: 0 } as const;
const kindsToldMax = 30;
const groupsMax = 12;
const otherSeedsMax = 8;
/** Characters of a summary; sim.json has the whole. */
const summaryMax = 300;

const colours = { red: [31, 39], green: [32, 39], yellow: [33, 39], dim: [2, 22] } as const;

export class SimConsole {
  readonly #options: ConsoleOptions;
  #plan: SeriesPlan | null = null;
  #counts: Record<Outcome, number> = { invalid: 0, crashed: 0, unknown: 0, valid: 0 };
  #done = 0;
  #startedNs = 0;
  #samples: { readonly atNs: number; readonly done: number }[] = [];
  readonly #told = new Map<string, number>();
  #cancel: (() => void) | null = null;
  #isShown = false;

  constructor(options: ConsoleOptions) {
    this.#options = options;
  }

  note(line: string): void {
    this.#print(line, 'dim');
  }

  start(plan: SeriesPlan): void {
    this.#plan = plan;
    this.#counts = { ...plan.earlier };
    this.#startedNs = this.#options.timers.nowNs();
    this.#print(plan.headline);
    this.#schedule();
  }

  onRecord(record: SeedRecord): void {
    this.#done++;
    this.#counts[record.outcome]++;
    if (record.outcome !== 'valid') this.#tell(record);
  }

  finish(end: SeriesEnd): void {
    this.stop();
    const { verdict, word, counts, totals, groups, path } = end;
    const seconds = this.#options.timers.nowNs() - this.#startedNs;
    const rate = describeRate(this.#done, seconds);
    this.#print('');
    this.#print(verdict, ({ valid: 'green', invalid: 'red', unknown: 'yellow' } as const)[word]);
    this.#print(`  ${describeMany(this.#done, 'seed')} in ${describeDuration(seconds)}, ${rate}`);
    this.#print(`  ${describeCounts(counts)}`);
    this.#print(`  ${describeTotals(totals)}`);
    for (const group of groups.slice(0, groupsMax)) this.#printGroup(group);
    if (groups.length > groupsMax) {
      this.#print(`\n  ${describeMany(groups.length - groupsMax, 'kind')} more: in the results`);
    }
    this.#print(`\n  results  ${path}`);
  }

  /** Ends the live line; safe to call twice. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#clearLine();
  }

  #tell(record: SeedRecord): void {
    const { outcome, seed, findings, lines, repeat } = record;
    const [worst] = findings;
    const kind = `${outcome} ${kindOf(record)}`;
    const count = (this.#told.get(kind) ?? 0) + 1;
    this.#told.set(kind, count);
    const isHeard = this.#told.size <= kindsToldMax && count <= toldPerKind[outcome];
    if (!isHeard) return;
    const colour = outcome === 'unknown' ? 'yellow' : 'red';
    const said = `${worst?.oracle}: ${shorten(worst?.summary ?? '', summaryMax)}`;
    this.#print(`${outcome} seed ${seed} (${describeMany(lines, 'line')}) ${said}`, colour);
    if (outcome !== 'unknown') this.#print(`  ${repeat}`);
  }

  #printGroup({ outcome, records, oracle }: SeedGroup): void {
    const [first, ...others] = records;
    const { findings, faults, lines, seed, repeat, test } = first;
    const many = describeMany(records.length, 'seed');
    const summary = shorten(findings[0]?.summary ?? '', summaryMax);
    this.#print('');
    this.#print(`  ${outcome.padEnd(8)} ${many}  ${oracle}: ${summary}`);
    const size = `${describeMany(lines, 'line')} of history, ${describeMany(faults, 'fault')}`;
    this.#print(`           the shortest is seed ${seed}: ${size}${describeOthers(others)}`);
    for (const finding of findings.slice(1, 4)) {
      const said = shorten(finding.summary, summaryMax);
      this.#print(`           also ${finding.oracle}: ${said}`, 'dim');
    }
    this.#print(`           ${repeat}`);
    if (test !== '') this.#print(`           npx rafture test ${test}`, 'dim');
  }

  #schedule(): void {
    const { timers, output } = this.#options;
    const isLater = timers.nowNs() - this.#startedNs >= laterNs;
    const plainMs = isLater ? redrawMs.plainLater : redrawMs.plain;
    const delayMs = output.isTTY ? redrawMs.terminal : plainMs;
    this.#cancel = timers.after(delayMs, () => {
      this.#draw();
      this.#schedule();
    });
  }

  #draw(): void {
    const { output } = this.#options;
    const line = this.#liveLine();
    if (!output.isTTY) {
      this.#print(line);
      return;
    }
    output.write(`\r\u001b[2K${line.slice(0, Math.max(20, output.columns - 1))}`);
    this.#isShown = true;
  }

  #liveLine(): string {
    const nowNs = this.#options.timers.nowNs();
    const planned = this.#plan?.planned ?? 0;
    const elapsedNs = nowNs - this.#startedNs;
    const perNs = elapsedNs > 0 ? this.#done / elapsedNs : 0;
    const left = perNs === 0 ? '' : `  ${describeLeft((planned - this.#done) / perNs)} left`;
    const age = `${Math.floor(elapsedNs / 1e9)} s`.padStart(6);
    const seeds = `${describeCount(this.#done)} of ${describeCount(planned)} seeds`;
    return `${age}  ${seeds}  ${this.#rate(nowNs)}  ${describeCounts(this.#counts)}${left}`;
  }

  /** Over the last seconds. */
  #rate(nowNs: number): string {
    const first = this.#samples[0] ?? { atNs: this.#startedNs, done: 0 };
    this.#samples.push({ atNs: nowNs, done: this.#done });
    const recent = this.#samples.filter(({ atNs }) => atNs >= nowNs - rateWindowNs);
    this.#samples = recent.length > 1 ? recent : this.#samples.slice(-2);
    return describeRate(this.#done - first.done, nowNs - first.atNs);
  }

  #print(line: string, colour: keyof typeof colours | null = null): void {
    this.#clearLine();
    const text = line.split('\n').map(printable).join('\n');
    const [on, off] = colour === null ? [0, 0] : colours[colour];
    const isColoured = colour !== null && this.#options.colour;
    const styled = isColoured ? `\u001b[${on}m${text}\u001b[${off}m` : text;
    this.#options.output.write(`${styled}\n`);
  }

  #clearLine(): void {
    if (this.#isShown) this.#options.output.write('\r\u001b[2K');
    this.#isShown = false;
  }
}

/** `9,800 valid, 3 invalid, 197 unknown`; crashed ones only where there are any. */
function describeCounts({ valid, invalid, unknown, crashed }: OutcomeCounts): string {
  const lost = crashed === 0 ? '' : `, ${describeCount(crashed)} crashed`;
  const counts = [`${describeCount(valid)} valid`, `${describeCount(invalid)} invalid`];
  return `${counts.join(', ')}, ${describeCount(unknown)} unknown${lost}`;
}

function describeTotals({ lines, faults, messages, virtualMs }: SeedTotals): string {
  return (
    `${describeMany(lines, 'line')} of history, ${describeMany(faults, 'fault')}, ` +
    `${describeMany(messages, 'message')}, ${describeDuration(virtualMs * 1e6)} of virtual time`
  );
}

function describeOthers(others: readonly SeedRecord[]): string {
  if (others.length === 0) return '';
  const shown = others.slice(0, otherSeedsMax).map(({ seed }) => seed);
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : '';
  return `; then ${shown.join(', ')}${more}`;
}

function describeRate(count: number, ns: number): string {
  const rate = ns > 0 ? (count * 1e9) / ns : 0;
  return `${rate < 10 ? rate.toFixed(1) : describeCount(rate)} per second`;
}

function describeLeft(ns: number): string {
  const minutes = Math.round(ns / 60e9);
  if (ns < 90e9) return `${Math.max(0, Math.round(ns / 1e9))} s`;
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
