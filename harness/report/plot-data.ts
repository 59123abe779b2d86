/**
 * The columns behind the plots: latency points by outcome, and rates in buckets.
 *
 * The history is read once, in its order, and never held: what is kept of it is a sample of points
 * and a few counts. All times are seconds of the run.
 */
import type { Op } from '../../checker/history.ts';
import { type Outcome, type PlotPoint, PointSampler } from './point-sampler.ts';
import type { FaultInterval, LeaderSighting } from './run-record.ts';

/** One outcome's points, in columns of equal length. */
interface PointColumns {
  /** Seconds of the run when it was due, which is its invocation unless that came late. */
  readonly x: readonly number[];
  /** Latency in milliseconds. */
  readonly y: readonly number[];
  /** Index of the invocation line. */
  readonly id: readonly number[];
  /** Index into the names of functions. */
  readonly f: readonly number[];
}

export interface PlotData {
  readonly durationS: number;
  readonly fs: readonly string[];
  readonly latency: Readonly<Record<Outcome, PointColumns>>;
  readonly rate: {
    readonly bucketS: number;
    /** Begin of each bucket. */
    readonly x: readonly number[];
  } & Readonly<Record<Outcome, readonly number[]>>;
  readonly faults: readonly PlotFault[];
  readonly leaders: readonly {
    readonly from: number;
    readonly to: number;
    readonly leader: string | null;
    readonly term: number;
  }[];
  /** Faults for which there was no room. */
  readonly hiddenFaults: number;
  /** Points before thinning, and after. */
  readonly pointCount: number;
  readonly shownCount: number;
}

interface PlotFault {
  readonly f: string;
  readonly from: number;
  readonly to: number;
  readonly description: string;
  readonly tookEffect: boolean;
}

const outcomes = ['ok', 'fail', 'info'] as const;
const pointsMax = 24_000;
/** More bands or leaders than this are a grey wall, and slow to draw. */
const intervalsMax = 600;
/** Multiples of the first, in which completions are counted. */
const bucketsS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];
const finestNs = 5e7;

/** What of a run is drawn over time. */
export interface PlotInput {
  readonly ops: Iterable<Op>;
  readonly faults: readonly FaultInterval[];
  readonly leaders: readonly LeaderSighting[];
}

export function plotDataOf({ ops, faults, leaders }: PlotInput): PlotData {
  const read = readOps(ops);
  const { durationS, sampler } = read;
  const shown = sampler.points();
  const fs = [...read.fs].sort();
  return {
    durationS,
    fs,
    latency: byOutcome((outcome) => columnsOf(shown, outcome, fs)),
    rate: ratesOf(read.completions, durationS),
    faults: faults.slice(0, intervalsMax).map(({ f, begin, end, description, tookEffect }) => ({
      f,
      from: seconds(begin.timeNs),
      to: end === null ? durationS : seconds(end.timeNs),
      description,
      tookEffect,
    })),
    leaders: leaders.slice(0, intervalsMax).map(({ timeNs, leader, term }, index) => ({
      from: seconds(timeNs),
      to: seconds(leaders[index + 1]?.timeNs ?? durationS * 1e9),
      leader,
      term,
    })),
    hiddenFaults: Math.max(0, faults.length - intervalsMax),
    pointCount: sampler.count,
    shownCount: shown.length,
  };
}

interface ReadOps {
  readonly durationS: number;
  readonly fs: ReadonlySet<string>;
  readonly sampler: PointSampler;
  /** How many completed in each of the finest buckets. */
  readonly completions: Readonly<Record<Outcome, readonly number[]>>;
}

function readOps(ops: Iterable<Op>): ReadOps {
  const sampler = new PointSampler(pointsMax);
  const fs = new Set<string>();
  const completions = byOutcome((): number[] => []);
  const open = new Map<number, Op>();
  let lastNs = 0;
  for (const op of ops) {
    lastNs = op.timeNs;
    if (op.process === 'nemesis') continue;
    if (op.type === 'invoke') {
      open.set(op.process, op);
      fs.add(op.f);
      continue;
    }
    const invoked = open.get(op.process);
    if (invoked === undefined) continue;
    open.delete(op.process);
    const { f, index: id } = invoked;
    // A client that came late must not make the system look quick.
    const dueNs = invoked.scheduledNs ?? invoked.timeNs;
    sampler.add({ dueNs, latencyNs: op.timeNs - dueNs, type: op.type, f, id });
    const bucket = Math.floor(op.timeNs / finestNs);
    completions[op.type][bucket] = (completions[op.type][bucket] ?? 0) + 1;
  }
  return { durationS: Math.max(lastNs / 1e9, 0.001), fs, sampler, completions };
}

function columnsOf(
  points: readonly PlotPoint[],
  outcome: Outcome,
  fs: readonly string[],
): PointColumns {
  const own = points.filter((point) => point.type === outcome);
  return {
    x: own.map((point) => seconds(point.dueNs)),
    y: own.map((point) => Number((point.latencyNs / 1e6).toPrecision(4))),
    id: own.map((point) => point.id),
    f: own.map((point) => fs.indexOf(point.f)),
  };
}

/** Completions per second; at most about a hundred buckets. */
function ratesOf(completions: ReadOps['completions'], durationS: number): PlotData['rate'] {
  const bucketS = bucketsS.find((s) => durationS / s < 100) ?? 300;
  // The last bucket takes the rest, half a bucket more or less: a short one would look like a fall.
  const count = Math.max(1, Math.round(durationS / bucketS));
  const lastS = durationS - (count - 1) * bucketS;
  const finestPerBucket = Math.round((bucketS * 1e9) / finestNs);
  const rates = byOutcome((outcome) => {
    const column = Array.from({ length: count }, () => 0);
    completions[outcome].forEach((completed, finest) => {
      const index = Math.min(Math.floor(finest / finestPerBucket), count - 1);
      const widthS = index === count - 1 ? lastS : bucketS;
      column[index] = (column[index] ?? 0) + completed / widthS;
    });
    return column.map((rate) => Number(rate.toFixed(2)));
  });
  const x = Array.from({ length: count }, (_, index) => Number((index * bucketS).toFixed(3)));
  return { bucketS, x, ...rates };
}

function byOutcome<T>(make: (outcome: Outcome) => T): Record<Outcome, T> {
  const [ok, fail, info] = outcomes;
  return { ok: make(ok), fail: make(fail), info: make(info) };
}

function seconds(nanoseconds: number): number {
  return Number((nanoseconds / 1e9).toFixed(4));
}
