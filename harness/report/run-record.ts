/**
 * The record of one run: what was tested, what happened, what was found.
 *
 * The command line fills it, store.ts writes it as test.json and results.json, and report.ts draws
 * it. This file owns the shapes only; everything in them survives JSON.
 */
import type { Op } from '../../checker/history.ts';
import type { InvalidVerdict, UnknownVerdict, ValidVerdict } from '../../checker/verdict.ts';
import type { CheckerResult, RunFault, UninjectedFault, Validity } from '../checker.ts';
import type { Cluster } from '../cluster.ts';
import type { WorkloadFacts } from '../workload.ts';
import type { RunStats } from './stats.ts';

/** What was asked for: test.json, written before the first operation. */
export interface TestRecord {
  /** `<system>-<workload>`. */
  readonly name: string;
  readonly system: string;
  readonly workload: string;
  /** What the workload can and cannot find; null in runs from before it was kept. */
  readonly workloadFacts: WorkloadFacts | null;
  readonly cluster: {
    readonly kind: Cluster['kind'];
    /** The cluster's describe() line. */
    readonly description: string;
    /** Why this kind, when the harness chose it; null when it was asked for by name. */
    readonly reason: string | null;
  };
  readonly nodes: readonly string[];
  /** Number of client threads. */
  readonly concurrency: number;
  /** Operations per second that were aimed at; null: as fast as the clients go. */
  readonly rate: number | null;
  readonly timeLimitS: number | null;
  readonly keys: number;
  readonly opsPerKey: number | null;
  /** Why so many keys and operations per key, one sentence each. */
  readonly sizeNotes: readonly string[];
  readonly seed: string | number;
  /** Kinds of faults asked for; empty for `--nemesis none`. */
  readonly nemesis: readonly string[];
  /** Completed operations between two faults. */
  readonly nemesisEvery: number | null;
  /** The planted bug in the server under test, if any. */
  readonly bug: string | null;
  /** Name to version: rafture, node, the engine, the system. */
  readonly versions: Readonly<Record<string, string>>;
  /** Any further option worth showing, by its flag's name. */
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** The one command line that repeats the run. */
  readonly repeat: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** A begin or an end of a fault: a nemesis line of the history and what was read back then. */
export interface FaultEdge {
  readonly index: number;
  readonly timeNs: number;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** A fault as it really was, from its begin to its end in the history. */
export interface FaultInterval {
  /** The kind: `partition`, `kill`, … */
  readonly f: string;
  /** In words: `halves: n1 n3 | n2 n4 n5`. */
  readonly description: string;
  /** Nodes that it touched; may be empty. */
  readonly nodes: readonly string[];
  /** Of the family; empty in runs from before it was kept, as is what made it come. */
  readonly variant: string;
  readonly trigger: string;
  readonly tookEffect: boolean;
  readonly outcome: RunFault['outcome'];
  /** Why it was not injected; null where it was. */
  readonly reason: string | null;
  /** What happened while it was in force; null in runs from before it was counted. */
  readonly met: FaultMeeting | null;
  readonly begin: FaultEdge;
  /** null: still in force when the run ended. */
  readonly end: FaultEdge | null;
}

/** What met a fault. */
export interface FaultMeeting {
  /** Operations that were under way at some time in it. */
  readonly operations: number;
  /** How often another node was seen to lead. */
  readonly leaderChanges: number;
}

/** A line of nemesis.jsonl: the evidence of the history's line with the same index. */
export interface NemesisRecord {
  readonly index: number;
  readonly f: string;
  readonly value: unknown;
  readonly tookEffect: boolean;
  /** Absent at a begin that was done, and in runs from before it was kept. */
  readonly outcome?: RunFault['outcome'] | undefined;
  /** Why it failed; null when it did not. */
  readonly reason?: string | null | undefined;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Somebody was seen to lead from this moment on (null: nobody). */
export interface LeaderSighting {
  readonly timeNs: number;
  readonly leader: string | null;
  readonly term: number;
}

/** A checker's verdict without the orders, which may be as long as the history. */
export type StoredVerdict = Omit<ValidVerdict, 'linearizations'> | InvalidVerdict | UnknownVerdict;

/** What came of it: results.json. */
export interface ResultsRecord {
  /** The worst of the checkers. */
  readonly valid: Validity;
  /** Every checker's result, linearizability and "were there faults" among them. */
  readonly checkers: readonly CheckerResult[];
  /** Checkers that the workload or the system took out, and why. */
  readonly removedCheckers: readonly { readonly name: string; readonly why: string }[];
  /** null when the workload is not judged by a model, or the run ended before it was. */
  readonly linearizability: StoredVerdict | null;
  readonly stats: RunStats;
  readonly faults: readonly FaultInterval[];
  /** Asked for, and never begun. */
  readonly uninjected: readonly UninjectedFault[];
  /** In order of time; empty when nobody asked the nodes. */
  readonly leaders: readonly LeaderSighting[];
  /** Of a simulated run: equal when two runs went the same way. */
  readonly traceHash?: string | undefined;
}

/** A log file of a node, relative to the run's folder. */
export interface LogFile {
  readonly node: string;
  readonly path: string;
  readonly bytes: number;
}

/** All that the report shows. */
export interface RunRecord {
  readonly test: TestRecord;
  readonly results: ResultsRecord;
  /** The whole history, in its order; read once. */
  readonly ops: Iterable<Op>;
  readonly logs: readonly LogFile[];
  /** Whether space-time.html lies beside the report. Default no. */
  readonly hasSpaceTime?: boolean;
}
