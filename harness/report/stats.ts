/**
 * Figures of a run: counts by operation and outcome, errors, latencies, rates.
 *
 * Pure functions over the history's ops. Nothing here judges: a figure is never a verdict.
 */
import type { Op, OpType } from '../../checker/history.ts';

type Outcome = Exclude<OpType, 'invoke'>;

/** How operations of one kind ended. */
export interface OutcomeCounts {
  readonly f: string;
  readonly ok: number;
  readonly fail: number;
  /** Unknown, operations without a completion line included. */
  readonly info: number;
}

/** Completions with the same outcome and error code. */
interface ErrorGroup {
  readonly type: Outcome;
  readonly f: string;
  readonly code: string;
  readonly count: number;
  /** The words of the first one; may be empty. */
  readonly example: string;
}

/** Latencies of the operations of one kind that ended in one way. */
interface LatencyQuantiles {
  readonly f: string;
  readonly type: Outcome;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface RunStats {
  /** Client operations invoked; the nemesis's do not count. */
  readonly invoked: number;
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Different keys that clients named. */
  readonly keys: number;
  /** From the first line to the last. */
  readonly durationNs: number;
  /** Operations that ended `ok`, per second. */
  readonly okPerSecond: number;
  readonly byF: readonly OutcomeCounts[];
  /** Most frequent first. */
  readonly errors: readonly ErrorGroup[];
  readonly latencies: readonly LatencyQuantiles[];
}

/** An operation's place in a plot; `info` without a completion line has no latency. */
export interface OperationPoint {
  readonly invokedNs: number;
  readonly latencyNs: number | null;
  readonly type: Outcome;
  readonly f: string;
  /** Index of the invocation line. */
  readonly id: number;
}

/** Pairs each client invocation with its completion, in the order of the invocations. */
export function pointsOf(ops: readonly Op[]): OperationPoint[] {
  const open = new Map<number, number>();
  const points: OperationPoint[] = [];
  for (const op of ops) {
    if (op.process === 'nemesis') continue;
    if (op.type === 'invoke') {
      open.set(op.process, points.length);
      points.push({ invokedNs: op.timeNs, latencyNs: null, type: 'info', f: op.f, id: op.index });
      continue;
    }
    const position = open.get(op.process);
    const invoked = position === undefined ? undefined : points[position];
    if (position === undefined || invoked === undefined) continue;
    open.delete(op.process);
    points[position] = { ...invoked, latencyNs: op.timeNs - invoked.invokedNs, type: op.type };
  }
  return points;
}

/** All figures of a history. */
export function statsOf(ops: readonly Op[]): RunStats {
  const points = pointsOf(ops);
  const byF = countByF(points);
  const first = ops.at(0);
  const last = ops.at(-1);
  const durationNs = first === undefined || last === undefined ? 0 : last.timeNs - first.timeNs;
  const ok = sum(byF.map((counts) => counts.ok));
  return {
    invoked: points.length,
    ok,
    fail: sum(byF.map((counts) => counts.fail)),
    info: sum(byF.map((counts) => counts.info)),
    keys: countKeys(ops),
    durationNs,
    okPerSecond: durationNs > 0 ? (ok * 1e9) / durationNs : 0,
    byF,
    errors: groupErrors(ops),
    latencies: latenciesOf(points),
  };
}

/** The value below which a fraction `q` of a sorted list lies (nearest rank); NaN when empty. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const rank = Math.max(1, Math.ceil(q * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

function countKeys(ops: readonly Op[]): number {
  const keys = new Set<string>();
  for (const { process, key } of ops) if (process !== 'nemesis' && key !== undefined) keys.add(key);
  return keys.size;
}

function countByF(points: readonly OperationPoint[]): OutcomeCounts[] {
  const counts = new Map<string, { f: string; ok: number; fail: number; info: number }>();
  for (const { f, type } of points) {
    const entry = counts.get(f) ?? { f, ok: 0, fail: 0, info: 0 };
    entry[type]++;
    counts.set(f, entry);
  }
  return [...counts.values()].sort((a, b) => (a.f < b.f ? -1 : 1));
}

function groupErrors(ops: readonly Op[]): ErrorGroup[] {
  const groups = new Map<string, { -readonly [K in keyof ErrorGroup]: ErrorGroup[K] }>();
  for (const op of ops) {
    if (op.process === 'nemesis' || op.type === 'invoke' || op.error === undefined) continue;
    const { code, message } = op.error;
    const name = JSON.stringify([op.type, op.f, code]);
    const group = groups.get(name);
    if (group !== undefined) group.count++;
    else groups.set(name, { type: op.type, f: op.f, code, count: 1, example: message ?? '' });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function latenciesOf(points: readonly OperationPoint[]): LatencyQuantiles[] {
  const groups = new Map<string, { f: string; type: Outcome; latencies: number[] }>();
  for (const { f, type, latencyNs } of points) {
    if (latencyNs === null) continue;
    const name = JSON.stringify([f, type]);
    const group = groups.get(name) ?? { f, type, latencies: [] };
    group.latencies.push(latencyNs / 1e6);
    groups.set(name, group);
  }
  return [...groups.entries()]
    .sort(([, a], [, b]) => a.f.localeCompare(b.f) || rankOf(a.type) - rankOf(b.type))
    .map(([, { f, type, latencies }]) => {
      const sorted = Float64Array.from(latencies).sort();
      return {
        f,
        type,
        count: sorted.length,
        p50Ms: quantile(sorted, 0.5),
        p95Ms: quantile(sorted, 0.95),
        p99Ms: quantile(sorted, 0.99),
        maxMs: quantile(sorted, 1),
      };
    });
}

function rankOf(type: Outcome): number {
  return ['ok', 'fail', 'info'].indexOf(type);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
