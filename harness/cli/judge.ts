/**
 * From a recorded run to its results: linearizability by itself, then every checker.
 *
 * A checker that fails is unknown; none keeps another from being heard.
 */
import type { UnknownVerdict, Verdict } from '../../checker/verdict.ts';
import { checkHistory } from '../check/check-history.ts';
import type { Violation } from '../check/follow-run.ts';
import {
  type CheckedRun,
  type CheckerResult,
  checkSafely,
  type NodeLog,
  worstOf,
} from '../checker.ts';
import { composeCheckers, standardCheckers } from '../checkers/composition.ts';
import type { ResultsRecord, StoredVerdict } from '../report/run-record.ts';
import { statsOf } from '../report/stats.ts';
import { describeWitness } from '../report/verdict-words.ts';
import type { RunHistory } from '../run/run-history.ts';
import type { TestOutcome } from '../run/run-test.ts';
import { describeFaults } from './describe-faults.ts';
import type { TestSettings } from './settings.ts';
import { describeStop } from './stop-words.ts';

/** What was recorded, and where. */
export interface RecordedRun {
  readonly settings: TestSettings;
  readonly history: RunHistory;
  /** null: what is in memory is all there is. */
  readonly historyPath: string | null;
  /** What the nodes wrote, without their traces. */
  readonly logs: readonly NodeLog[];
  /** null when the run broke off. */
  readonly outcome: TestOutcome | null;
  readonly problems: readonly string[];
  readonly violation: Violation | null;
  readonly traces: Pick<CheckedRun, 'traces' | 'whyNoTraces' | 'referee'>;
  readonly signal: AbortSignal;
  /** Ends the search of the check at the same point on each machine. Default none. */
  readonly checkStepsMax?: number;
}

export async function judgeRun(recorded: RecordedRun): Promise<ResultsRecord> {
  const { settings, outcome, violation, problems, history } = recorded;
  const verdict = await decide(recorded);
  const { checkers, removed } = composeCheckers(standardCheckers, [
    settings.workload.checkers,
    settings.system.checkers,
  ]);
  const results: CheckerResult[] = [describeVerdict(verdict)];
  if (violation !== null) results.push(describeEarlyEnd(violation));
  const run = checkedRun(recorded);
  const patience = new Patience(settings.checkTimeLimitS, recorded.signal);
  for (const checker of checkers) {
    results.push(await checkSafely(checker, run, patience.over));
  }
  patience.dispose();
  if (problems.length > 0) results.push(describeProblems(problems));
  const leaders = outcome?.leaders ?? [];
  return {
    valid: worstOf(results.map(({ valid }) => valid)),
    checkers: results,
    removedCheckers: removed,
    linearizability: withoutOrders(verdict),
    stats: statsOf(history),
    faults: describeFaults(outcome?.faults ?? [], { ops: history, leaders }),
    uninjected: outcome?.uninjected ?? [],
    leaders,
  };
}

/** How long the other checkers may take, all together: the check's own limit, or a Ctrl-C. */
class Patience {
  /** Settles to the reason. */
  readonly over: Promise<string>;
  readonly #timer: NodeJS.Timeout;
  readonly #forget: () => void;

  constructor(limitS: number, signal: AbortSignal) {
    const ended = Promise.withResolvers<string>();
    this.over = ended.promise;
    this.#timer = setTimeout(() => ended.resolve(`${limitS} s were over`), limitS * 1000);
    const interrupt = (): void => ended.resolve('it was interrupted');
    if (signal.aborted) interrupt();
    signal.addEventListener('abort', interrupt);
    // The signal outlives the check, and would keep all of the run.
    this.#forget = () => signal.removeEventListener('abort', interrupt);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#forget();
  }
}

async function decide(recorded: RecordedRun): Promise<Verdict> {
  const { settings, historyPath, violation, signal, history } = recorded;
  const whole = await checkHistory({
    ...(historyPath === null ? { ops: history } : { historyPath }),
    model: settings.workload.model,
    timeLimitMs: settings.checkTimeLimitS * 1000,
    ...(recorded.checkStepsMax === undefined ? {} : { stepsMax: recorded.checkStepsMax }),
    memoryLimitBytes: settings.checkMemoryLimitMb * 1e6,
    signal,
  }).catch((error: unknown) => notChecked(error, history.length));
  // A violation that was seen on the way is one of the whole, even if the limits hide it there.
  return whole.valid === 'unknown' ? (violation?.verdict ?? whole) : whole;
}

/** The history cannot be checked: the other checkers are heard all the same. */
function notChecked(error: unknown, lines: number): UnknownVerdict {
  const why = error instanceof Error ? error.message : String(error);
  return {
    valid: 'unknown',
    operations: Math.floor(lines / 2),
    reason: 'crashed',
    key: null,
    keys: [null],
    position: 0,
    message: `the history could not be checked: ${why}`,
  };
}

function checkedRun(recorded: RecordedRun): CheckedRun {
  const { settings, history, outcome, problems, logs, traces } = recorded;
  const { workload, system, size, nodes, concurrency, rate, nemesis, availabilityMin } = settings;
  return {
    workload,
    size,
    nodes,
    concurrency,
    rate,
    timeLimitS: settings.timeLimitS,
    opLimit: settings.opCount,
    ops: history,
    opCount: history.length,
    nemesis,
    faults: outcome?.faults ?? [],
    uninjected: outcome?.uninjected ?? [],
    excusedLines: outcome?.excusedLines ?? [],
    anyEndExcused: outcome?.anyEndExcused ?? [],
    eachFamilyCounts: settings.eachFamilyCounts,
    requireAllFaults: settings.requireAllFaults,
    recovery: outcome?.recovery ?? null,
    liveness: outcome?.liveness ?? null,
    brokeOff: outcome === null ? problems.join('; ') : null,
    unexpectedExits: outcome?.unexpectedExits ?? [],
    availabilityMin,
    samples: outcome?.samples ?? [],
    hashes: outcome?.hashes ?? [],
    logs,
    ...traces,
    offers: { hashes: system.hashState !== undefined, introspection: system.introspects },
    crashPatterns: system.crashPatterns,
  };
}

function describeVerdict(verdict: Verdict): CheckerResult {
  const name = 'linearizable';
  const { valid, operations } = verdict;
  const blind = ['operations of unknown outcome: each may have happened, or not'];
  if (verdict.valid === true) {
    const keys = verdict.linearizations.length;
    const summary = `${operations} operations on ${keys} keys have an order, and it was replayed`;
    return { name, valid, summary, details: { operations, keys }, blind };
  }
  if (verdict.valid === false) {
    const { kind, key } = verdict.witness;
    const summary = describeWitness(verdict.witness);
    return { name, valid, summary, details: { operations, kind, key }, blind: [] };
  }
  const { reason, key, position, message } = verdict;
  const details = { operations, reason, key, position };
  return { name, valid, summary: message, details, blind: [`what it did not get to: ${reason}`] };
}

function describeEarlyEnd(violation: Violation): CheckerResult {
  const { entries } = violation;
  const summary = `${describeStop(violation)}, which ended the run`;
  return { name: 'online', valid: false, summary, details: { entries }, blind: [] };
}

function describeProblems(problems: readonly string[]): CheckerResult {
  const summary = problems.join('; ');
  const blind = ['what the harness did not do'];
  return { name: 'harness', valid: 'unknown', summary, details: { problems }, blind };
}

/** The orders are as long as the history; they are made again from it when somebody wants them. */
function withoutOrders(verdict: Verdict): StoredVerdict {
  if (verdict.valid !== true) return verdict;
  return { valid: true, operations: verdict.operations };
}
