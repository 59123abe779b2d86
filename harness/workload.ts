/**
 * A workload: what is asked of a system, and what the answers are held against.
 *
 * A record of data and pure functions; it never meets the system. The object that its operations
 * are about is what a system's client must know how to talk to (systems/system.ts).
 */
import type { Op } from '../checker/history.ts';
import type { Checker } from './checker.ts';
import type { Generator, OpTemplate } from './generator.ts';

/** How much is asked of one key, so that its history can be checked. */
export interface WorkloadSize {
  /** Keys in use at a time. */
  readonly keyCount: number;
  /** Operations until a key gives way to a new one. */
  readonly opsPerKey: number;
  /** The same after so many operations of unknown outcome; null for any number. */
  readonly unknownPerKey: number | null;
  /** Why these numbers, one sentence each; for the console and the report. */
  readonly notes: readonly string[];
}

/** What a run will be, as far as sizes depend on it. */
export interface SizeRequest {
  /** What the user said; null to let the workload choose. */
  readonly keyCount: number | null;
  readonly opsPerKey: number | null;
  readonly concurrency: number;
  /** Operations per second; null: as fast as they go. */
  readonly rate: number | null;
  readonly timeLimitS: number;
  readonly opCount: number | null;
}

/** What the last operations of a run are made from. */
export interface FinalContext {
  /** Every key that was used, the probe's included. */
  readonly keys: readonly string[];
  /** The history up to here; each iteration begins anew. */
  readonly ops: Iterable<Op>;
}

/** Checkers by their names: what a workload or a system changes in the list that always runs. */
export interface CheckerChanges {
  readonly add?: readonly Checker[];
  /** Each with the reason, which the report shows. */
  readonly remove?: readonly { readonly name: string; readonly why: string }[];
}

/** What `rafture workloads` and workloads/README.md say of it. */
export interface WorkloadFacts {
  /** How long the check takes, and when. */
  readonly complexity: string;
  /** What it finds, a few words each. */
  readonly finds: readonly string[];
  readonly cannotFind: readonly string[];
}

export interface Workload {
  readonly name: string;
  /** One sentence for `--help` and the report. */
  readonly description: string;
  /** What its operations are about: a name of the system's `objects`. */
  readonly object: string;
  /** The operations that it needs from the system, by their `f`. */
  readonly fs: readonly string[];
  /** Name of a model of the checker, or the path of a file that exports one. */
  readonly model: string;
  readonly facts: WorkloadFacts;
  readonly checkers?: CheckerChanges;
  size(request: SizeRequest): WorkloadSize;
  /** Endless; the run paces and bounds it. */
  createGenerator(size: WorkloadSize): Generator;
  /**
   * An operation that changes something on a key of its own: the run asks it, again and again, to
   * see whether the cluster serves. Each attempt writes another value than the others.
   */
  createProbe(attempt: number): OpTemplate;
  /**
   * What is asked at the end, by one client of each node, when everything is healed: it must be
   * done when all that was written has been looked at.
   */
  createFinalGenerator(context: FinalContext): Generator;
}
