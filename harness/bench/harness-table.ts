/** What a person reads of the measurements: medians with their spread, and the two targets. */
import type { Answering } from './harness-memory-system.ts';
import type { RunFigures } from './harness-run.ts';
import { type Spread, spreadOf } from './server-statistics.ts';

export interface SpeedFigures {
  readonly answering: Answering;
  /** One for each round. */
  readonly rounds: readonly RunFigures[];
}

export interface ScheduleFigures {
  readonly rate: number;
  readonly run: RunFigures;
}

export interface HarnessFigures {
  readonly speeds: readonly SpeedFigures[];
  /** Microseconds for an operation, one for each round. */
  readonly generatorUs: readonly number[];
  readonly many: RunFigures;
  readonly schedules: readonly ScheduleFigures[];
}

const perSecondMin = 15_000;
const megabytesMax = 300;
const million = 1_000_000;

const answeringWords: Readonly<Record<Answering, string>> = {
  microtask: 'answered after a microtask',
  turn: 'answered after a turn of the loop',
};

export function describeHarnessFigures(figures: HarnessFigures): readonly string[] {
  return [
    row('median (min-max)', ['per second', 'CPU us each', 'peak MB']),
    ...figures.speeds.map(describeSpeed),
    row('the generator alone', ['', spreadText(figures.generatorUs, 1), '']),
    '',
    ...describeMany(figures.many),
    '',
    row('kept to a schedule', ['late p50 ms', 'p99 ms', 'max ms', 'CPU us each']),
    ...figures.schedules.map(describeSchedule),
    '',
    ...describeTargets(figures),
  ];
}

function describeSpeed({ answering, rounds }: SpeedFigures): string {
  return row(answeringWords[answering], [
    spreadText(
      rounds.map(({ perSecond }) => perSecond),
      0,
    ),
    spreadText(
      rounds.map(({ processorUs }) => processorUs),
      1,
    ),
    spreadText(
      rounds.map(({ peakMegabytes }) => peakMegabytes),
      0,
    ),
  ]);
}

function describeMany(many: RunFigures): readonly string[] {
  const { operations, perSecond, processorUs, peakMegabytes } = many;
  return [
    row(`${count(operations)} operations`, [
      count(perSecond),
      processorUs.toFixed(1),
      peakMegabytes.toFixed(0),
    ]),
    `their history.jsonl has ${many.historyMegabytes.toFixed(0)} MB; reading it back for the ` +
      `figures takes ${many.readBackUs.toFixed(1)} us a line,`,
    `with a peak of ${many.peakAfterMegabytes.toFixed(0)} MB then`,
  ];
}

function describeSchedule({ rate, run }: ScheduleFigures): string {
  const { p50, p99, max } = run.latenessMs ?? { p50: NaN, p99: NaN, max: NaN };
  const late = [p50, p99, max].map((ms) => ms.toFixed(2));
  const name = `${count(run.operations)} at ${count(rate)} per second`;
  return row(name, [...late, run.processorUs.toFixed(1)]);
}

function describeTargets({ speeds, many }: HarnessFigures): readonly string[] {
  const slowest = Math.min(...speeds.flatMap(({ rounds }) => rounds.map((run) => run.perSecond)));
  const isFast = slowest >= perSecondMin;
  const isSmall = many.operations >= million && many.peakMegabytes < megabytesMax;
  const memory = `${many.peakMegabytes.toFixed(0)} MB at ${count(many.operations)}`;
  return [
    targetLine(`at least ${count(perSecondMin)} operations per second`, [
      `${count(slowest)} at worst`,
      isFast ? 'met' : 'not met',
    ]),
    targetLine(`under ${megabytesMax} MB at ${count(million)} operations`, [
      memory,
      isSmall ? 'met' : many.operations < million ? 'not measured' : 'not met',
    ]),
  ];
}

function targetLine(target: string, rest: readonly string[]): string {
  return `target: ${target.padEnd(42)} ${rest.map((text) => text.padEnd(26)).join(' ')}`.trimEnd();
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(34)}${cells.map((cell) => cell.padStart(24)).join('')}`.trimEnd();
}

function spreadText(values: readonly number[], digits: number): string {
  const { median, min, max }: Spread = spreadOf(values);
  const text = (value: number): string => (digits === 0 ? count(value) : value.toFixed(digits));
  return `${text(median)} (${text(min)}-${text(max)})`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
