/**
 * The checker as the harness sees it: a finished run in, one named result out.
 *
 * Linearizability is one of several; the verdict of a run is the worst of them: invalid, then
 * unknown, then valid. A checker that fails is unknown, never a pass.
 */
import type { Op } from '../checker/history.ts';
import type { Link, UnexpectedExit } from './cluster.ts';
import type { RaftEvent } from './raft-event.ts';
import type { StabilityEvidence } from './stability-evidence.ts';
import type { WorkloadSize } from './workload.ts';

export type Validity = true | false | 'unknown';

export interface CheckerResult {
  readonly name: string;
  readonly valid: Validity;
  /** One sentence for the console and the report. */
  readonly summary: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** What it could not see in this run, one sentence each. */
  readonly blind: readonly string[];
}

export interface Checker {
  readonly name: string;
  /** What it looks for, one sentence. */
  readonly description: string;
  /** An exception is taken for unknown. */
  check(run: CheckedRun): CheckerResult | Promise<CheckerResult>;
}

/** A fault as it really was. */
export interface RunFault {
  readonly family: string;
  /** In words: `n1 | n2 n3`. */
  readonly description: string;
  readonly nodes: readonly string[];
  readonly tookEffect: boolean;
  /**
   * `injected`: done, and read back. `failed`: it could not be done or undone, or had no effect.
   * `not-reached`: what it waited for inside a node never came. The reason is told.
   */
  readonly outcome: 'injected' | 'failed' | 'not-reached';
  readonly reason: string | null;
  /** Its lines of the history; `end` is null when it was in force to the end. */
  readonly begin: Op;
  readonly end: Op | null;
  readonly impairs: Impairment;
}

/** What a fault takes from the cluster while it is in force. */
export interface Impairment {
  /** Links that carry nothing. */
  readonly cut: readonly Link[];
  /** Nodes that are killed or frozen. */
  readonly down: readonly string[];
  /**
   * Nodes that run and are heard, but that their clients cannot reach or that work badly: slow or
   * lossy links, a slow disk. A cluster that such a node leads serves badly, and may.
   */
  readonly hampered?: readonly string[];
  /** Nodes that live without what they had made durable: what they tell of that life is void. */
  readonly harmed?: readonly string[];
}

/** A fault that was asked for and never begun. */
export interface UninjectedFault {
  readonly family: string;
  readonly variant: string | null;
  /** `skipped`: it could not be done then. `not-reached`: its trigger never came. */
  readonly outcome: 'skipped' | 'not-reached';
  readonly reason: string;
}

/** A line of a node's log from while a fault gave it reason to break, and to say so. */
export interface ExcusedLine {
  readonly node: string;
  readonly line: string;
}

/** What a node said of itself at one moment. */
export interface IntrospectionSample {
  /** Before it was asked: answers of looks that overlap may overtake each other. */
  readonly askedNs: number;
  /** When the answer was there. */
  readonly timeNs: number;
  readonly node: string;
  /** Counts the starts of the node: what is not durable may go back when it changes. */
  readonly life: number;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastLogIndex: number;
  /** Where the system tells it: where its log begins. */
  readonly firstLogIndex?: number;
  /** Where the system tells it: how many snapshots it was sent and has installed, in this life. */
  readonly snapshotsInstalled?: number;
}

/** The state of a node in one number, as of an index of its log. */
export interface StateHash {
  readonly timeNs: number;
  readonly node: string;
  readonly appliedIndex: number;
  readonly hash: string;
}

/** A file of a node's output, or its trace. Each iteration begins anew. */
export interface NodeLog {
  readonly node: string;
  /** Relative to the run's folder. */
  readonly path: string;
  readonly lines: Iterable<string>;
}

export interface NodeTrace {
  readonly node: string;
  readonly events: Iterable<RaftEvent>;
}

/** What the simulation's referee saw, which watches every event of all nodes in their order. */
export interface RefereeReport {
  readonly violations: readonly string[];
  /** How many events, committed entries and terms it has seen. */
  readonly events: number;
  readonly committed: number;
  readonly terms: number;
  /** Where the world was watched too. */
  readonly stability?: StabilityEvidence;
}

/** How the run ended, after the last healing. */
export interface RunRecovery {
  /** null when all is well; else what did not happen, as a sentence. */
  readonly problem: string | null;
  /** Final operations that were answered. */
  readonly finalOperations: number;
  /** Position in the history at which it began: what comes later is final. */
  readonly beganAt: number;
  /** From the healing to the first change that was acknowledged; absent: none was. */
  readonly servedAfterMs?: number;
  /** From the healing until every node had applied it; null: not all did. */
  readonly caughtUpAfterMs?: number | null;
}

/** How a healthy majority got on after the safety phase. Times are virtual, and exact. */
export interface RunLiveness {
  /** The longest time in which a follower that hears nobody stands. */
  readonly electionTimeoutMs: number;
  /** While a minority went on disturbing it; null: there was none to do so. */
  readonly core: {
    /** `n4 deaf`. */
    readonly description: string;
    /** null: never. */
    readonly servedAfterMs: number | null;
    /** The longest that a change took later. */
    readonly longestGapMs: number;
    /** Terms that came later. */
    readonly terms: number;
  } | null;
  /** Terms that came when all was well and had been for a while. */
  readonly termsAtEnd: number;
  /** Whether few enough messages are lost or late that a majority can keep its leader. */
  readonly isQuiet: boolean;
  /** Entries of the log that a snapshot and what is kept before it leave; null: not known. */
  readonly logEntries: number | null;
  /** Of a segment of the log on disk; null: not known. */
  readonly segmentKiB: number | null;
  /** Members that did not answer a read at the end. */
  readonly silent: readonly string[];
  readonly ends: readonly NodeEnd[];
}

/** What a member is left with when nobody has asked it anything for a while. */
export interface NodeEnd {
  readonly node: string;
  readonly waitingWrites: number;
  readonly waitingReads: number;
  /** To whom it hands leadership over; null: to nobody. */
  readonly transferringTo: string | null;
  readonly logEntries: number;
  /** On its disk; null where nobody can tell. */
  readonly files: number | null;
  readonly bytes: number | null;
}

/** All that a checker may look at. */
export interface CheckedRun {
  readonly workload: {
    readonly name: string;
    readonly object: string;
    readonly fs: readonly string[];
    readonly model: string;
  };
  readonly size: WorkloadSize;
  readonly nodes: readonly string[];
  readonly concurrency: number;
  /** Operations per second that were aimed at; null: as fast as they go. */
  readonly rate: number | null;
  /** The workload was to end after so long, or after so many operations. */
  readonly timeLimitS: number;
  readonly opLimit: number | null;
  /** The history in its order; each iteration begins anew, perhaps from the file. */
  readonly ops: Iterable<Op>;
  readonly opCount: number;
  /** Families of faults that were asked for. */
  readonly nemesis: readonly string[];
  /** Each of these must have had an effect; else one fault of any of them is enough. */
  readonly eachFamilyCounts: boolean;
  readonly faults: readonly RunFault[];
  readonly uninjected: readonly UninjectedFault[];
  /** Whether every single fault that was asked for must have been injected. */
  readonly requireAllFaults: boolean;
  /** null when the run broke off before it. */
  readonly recovery: RunRecovery | null;
  /** Only where time is virtual. */
  readonly liveness: RunLiveness | null;
  /** Why the run broke off; null when it came to its end. */
  readonly brokeOff: string | null;
  readonly unexpectedExits: readonly UnexpectedExit[];
  /** The share of operations that must succeed, in [0, 1]; null when nobody stated one. */
  readonly availabilityMin: number | null;
  readonly samples: readonly IntrospectionSample[];
  readonly hashes: readonly StateHash[];
  readonly logs: readonly NodeLog[];
  /** Lines that prove nothing against the system: a fault had harmed the node's disk, say. */
  readonly excusedLines: readonly ExcusedLine[];
  /** Nodes of which a fault excused any end for a time: their system does not say how it ends. */
  readonly anyEndExcused: readonly string[];
  readonly traces: readonly NodeTrace[];
  /** Why there is no trace; null when there are some. */
  readonly whyNoTraces: string | null;
  /** Only where a referee watched. */
  readonly referee: RefereeReport | null;
  /** What the system can tell at all: where nothing was told, whether that is a finding. */
  readonly offers: { readonly hashes: boolean; readonly introspection: boolean };
  /** Texts that a node of this system logs when it has broken: regular expressions. */
  readonly crashPatterns: readonly string[];
}

/** The worst of several: a violation is never hidden by an unknown, nor an unknown by a pass. */
export function worstOf(validities: readonly Validity[]): Validity {
  if (validities.includes(false)) return false;
  if (validities.includes('unknown')) return 'unknown';
  return true;
}

/**
 * The result of a checker; when it throws, or answers what is no result, unknown with the reason.
 * `stopped` settles to the reason when nobody wants to wait any more. [Jepsen]
 */
export async function checkSafely(
  checker: Checker,
  run: CheckedRun,
  stopped: Promise<string> = new Promise(() => {}),
): Promise<CheckerResult> {
  const { name } = checker;
  try {
    const given = (async (): Promise<unknown> => await checker.check(run))();
    // Whoever stopped waiting hears no more of it.
    given.catch(() => {});
    const ended = stopped.then((why) => failedResult(name, `the checker did not end: ${why}`));
    return narrowResult(name, await Promise.race([given, ended]));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failedResult(name, `the checker failed: ${why}`);
  }
}

function failedResult(name: string, summary: string): CheckerResult {
  return { name, valid: 'unknown', summary, details: {}, blind: ['everything: it failed'] };
}

/** A checker may come from outside: what is not clearly a verdict is none. */
function narrowResult(name: string, given: unknown): CheckerResult {
  if (typeof given !== 'object' || given === null) {
    return failedResult(name, `the checker failed: it answered ${String(given)}, not a result`);
  }
  const { valid, summary, details, blind } = given as Partial<CheckerResult>;
  if (valid !== true && valid !== false && valid !== 'unknown') {
    const what = `its "valid" is ${String(valid)}, not true, false or 'unknown'`;
    return failedResult(name, `the checker failed: ${what}`);
  }
  const word = valid === 'unknown' ? 'unknown' : valid ? 'valid' : 'invalid';
  return {
    name,
    valid,
    summary: typeof summary === 'string' && summary !== '' ? summary : `${word}, it says no more`,
    details: narrowDetails(details),
    blind: Array.isArray(blind) ? blind.map(String) : ['nobody knows: it does not say'],
  };
}

/** As JSON will have them; what JSON cannot say is told as such. */
function narrowDetails(details: unknown): Readonly<Record<string, unknown>> {
  if (typeof details !== 'object' || details === null) return {};
  try {
    JSON.stringify(details);
    return { ...details };
  } catch (error) {
    return { unwritable: error instanceof Error ? error.message : String(error) };
  }
}
