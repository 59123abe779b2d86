/**
 * The columns behind the plots: latency points by outcome, and rates in buckets.
 *
 * Long histories are thinned to one point per spot of the plot, so that a dense cloud keeps its
 * shape and no outlier is lost. All times are seconds of the run.
 */
import type { Op } from '../../checker/history.ts';
import type { FaultInterval, LeaderSighting } from './run-record.ts';
import { type OperationPoint, pointsOf } from './stats.ts';

/** One outcome's points, in columns of equal length. */
interface PointColumns {
  /** Seconds of the run at the invocation. */
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

type Outcome = OperationPoint['type'];

const outcomes = ['ok', 'fail', 'info'] as const;
const pointsMax = 24_000;
const bucketsS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];

/** What of a run is drawn over time. */
export interface PlotInput {
  readonly ops: readonly Op[];
  readonly faults: readonly FaultInterval[];
  readonly leaders: readonly LeaderSighting[];
}

export function plotDataOf({ ops, faults, leaders }: PlotInput): PlotData {
  const all = pointsOf(ops);
  const durationS = Math.max((ops.at(-1)?.timeNs ?? 0) / 1e9, 0.001);
  const points = all.filter((point) => point.latencyNs !== null);
  const shown = thin(points, durationS);
  const fs = [...new Set(all.map((point) => point.f))].sort();
  return {
    durationS,
    fs,
    latency: byOutcome((outcome) => columnsOf(shown, outcome, fs)),
    rate: ratesOf(points, durationS),
    faults: faults.map(({ f, begin, end, description, tookEffect }) => ({
      f,
      from: seconds(begin.timeNs),
      to: end === null ? durationS : seconds(end.timeNs),
      description,
      tookEffect,
    })),
    leaders: leaders.map(({ timeNs, leader, term }, index) => ({
      from: seconds(timeNs),
      to: seconds(leaders[index + 1]?.timeNs ?? durationS * 1e9),
      leader,
      term,
    })),
    pointCount: points.length,
    shownCount: shown.length,
  };
}

/** Coarser and coarser spots until there are few enough points. */
function thin(points: readonly OperationPoint[], durationS: number): OperationPoint[] {
  let kept = [...points];
  for (let columns = 1600; kept.length > pointsMax; columns = Math.floor(columns * 0.7)) {
    kept = onePerSpot(points, durationS, columns);
  }
  return kept;
}

function onePerSpot(
  points: readonly OperationPoint[],
  durationS: number,
  columns: number,
): OperationPoint[] {
  const rowsPerDecade = columns / 20;
  const taken = new Set<string>();
  return points.filter(({ invokedNs, latencyNs, type }) => {
    const column = Math.floor((invokedNs / 1e9 / durationS) * columns);
    const row = Math.floor(Math.log10(Math.max(latencyNs ?? 0, 1)) * rowsPerDecade);
    const spot = `${type} ${column} ${row}`;
    if (taken.has(spot)) return false;
    taken.add(spot);
    return true;
  });
}

function columnsOf(
  points: readonly OperationPoint[],
  outcome: Outcome,
  fs: readonly string[],
): PointColumns {
  const own = points.filter((point) => point.type === outcome);
  return {
    x: own.map((point) => seconds(point.invokedNs)),
    y: own.map((point) => Number(((point.latencyNs ?? 0) / 1e6).toPrecision(4))),
    id: own.map((point) => point.id),
    f: own.map((point) => fs.indexOf(point.f)),
  };
}

/** Completions per second; at most about a hundred buckets. */
function ratesOf(points: readonly OperationPoint[], durationS: number): PlotData['rate'] {
  const bucketS = bucketsS.find((s) => durationS / s < 100) ?? 300;
  // The last bucket takes the rest, half a bucket more or less: a short one would look like a fall.
  const count = Math.max(1, Math.round(durationS / bucketS));
  const lastS = durationS - (count - 1) * bucketS;
  const rates = byOutcome(() => Array.from({ length: count }, () => 0));
  for (const { invokedNs, latencyNs, type } of points) {
    const bucket = Math.floor((invokedNs + (latencyNs ?? 0)) / 1e9 / bucketS);
    const column = rates[type];
    const index = Math.min(bucket, count - 1);
    column[index] = (column[index] ?? 0) + 1 / (index === count - 1 ? lastS : bucketS);
  }
  const rounded = byOutcome((outcome) => rates[outcome].map((rate) => Number(rate.toFixed(2))));
  const x = Array.from({ length: count }, (_, index) => Number((index * bucketS).toFixed(3)));
  return { bucketS, x, ...rounded };
}

function byOutcome<T>(make: (outcome: Outcome) => T): Record<Outcome, T> {
  const [ok, fail, info] = outcomes;
  return { ok: make(ok), fail: make(fail), info: make(info) };
}

function seconds(nanoseconds: number): number {
  return Number((nanoseconds / 1e9).toFixed(4));
}
