/**
 * Figures of a run: counts by operation and outcome, errors, latencies, rates.
 *
 * Pure functions over the history's ops. Nothing here judges: a figure is never a verdict.
 */
import type { Op, OpError, OpType } from '../../checker/history.ts';
import { Latencies } from './latencies.ts';

type Outcome = Exclude<OpType, 'invoke'>;

const outcomes = ['ok', 'fail', 'info'] as const satisfies readonly Outcome[];

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

/** The operations of one kind. Of those without a completion line nothing is in the latencies. */
interface KindTally {
  readonly f: string;
  invoked: number;
  readonly latencies: Readonly<Record<Outcome, Latencies>>;
}

interface OpenOperation {
  readonly kind: KindTally;
  /** When it was invoked, or due if every client was busy then. */
  readonly sinceNs: number;
}

/**
 * All figures of a history, in one pass. Its memory grows with the kinds of operations and errors,
 * the keys and the open operations, not with the length. Latencies count from when an operation was
 * due, so that a stall shows in those that it kept from being asked; their quantiles are exact
 * up to 50,000 of a kind and within 0.2 % beyond.
 */
export function statsOf(ops: Iterable<Op>): RunStats {
  const tally = new Tally();
  for (const op of ops) tally.add(op);
  return tally.stats();
}

class Tally {
  readonly #kinds = new Map<string, KindTally>();
  readonly #open = new Map<number, OpenOperation>();
  readonly #keys = new Set<string>();
  readonly #errors = new Map<string, { -readonly [K in keyof ErrorGroup]: ErrorGroup[K] }>();
  #firstNs: number | null = null;
  #lastNs = 0;

  add(op: Op): void {
    this.#firstNs ??= op.timeNs;
    this.#lastNs = op.timeNs;
    const { process, type, f, key } = op;
    if (process === 'nemesis') return;
    if (key !== undefined) this.#keys.add(key);
    if (type === 'invoke') {
      const kind = this.#kindOf(f);
      kind.invoked++;
      this.#open.set(process, { kind, sinceNs: op.scheduledNs ?? op.timeNs });
      return;
    }
    if (op.error !== undefined) this.#addError(type, f, op.error);
    const open = this.#open.get(process);
    if (open === undefined) return;
    this.#open.delete(process);
    open.kind.latencies[type].add(op.timeNs - open.sinceNs);
  }

  stats(): RunStats {
    const kinds = [...this.#kinds.values()].sort((a, b) => (a.f < b.f ? -1 : 1));
    const byF = kinds.map(countsOf);
    const durationNs = this.#lastNs - (this.#firstNs ?? 0);
    const ok = sum(byF.map((counts) => counts.ok));
    return {
      invoked: sum(kinds.map(({ invoked }) => invoked)),
      ok,
      fail: sum(byF.map((counts) => counts.fail)),
      info: sum(byF.map((counts) => counts.info)),
      keys: this.#keys.size,
      durationNs,
      okPerSecond: durationNs > 0 ? (ok * 1e9) / durationNs : 0,
      byF,
      errors: [...this.#errors.values()].sort((a, b) => b.count - a.count),
      latencies: kinds.flatMap(latenciesOf),
    };
  }

  #kindOf(f: string): KindTally {
    const known = this.#kinds.get(f);
    if (known !== undefined) return known;
    const latencies = { ok: new Latencies(), fail: new Latencies(), info: new Latencies() };
    const kind = { f, invoked: 0, latencies };
    this.#kinds.set(f, kind);
    return kind;
  }

  #addError(type: Outcome, f: string, { code, message }: OpError): void {
    const name = JSON.stringify([type, f, code]);
    const group = this.#errors.get(name);
    if (group !== undefined) group.count++;
    else this.#errors.set(name, { type, f, code, count: 1, example: message ?? '' });
  }
}

function countsOf({ f, invoked, latencies }: KindTally): OutcomeCounts {
  const { ok, fail } = latencies;
  return { f, ok: ok.count, fail: fail.count, info: invoked - ok.count - fail.count };
}

function latenciesOf({ f, latencies }: KindTally): LatencyQuantiles[] {
  return outcomes.flatMap((type) => {
    const { count } = latencies[type];
    if (count === 0) return [];
    const quantiles = latencies[type].quantilesNs([0.5, 0.95, 0.99, 1]);
    const [p50Ms = 0, p95Ms = 0, p99Ms = 0, maxMs = 0] = quantiles.map((ns) => ns / 1e6);
    return [{ f, type, count, p50Ms, p95Ms, p99Ms, maxMs }];
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
