/**
 * One run of `rafture test`, from the settings to the exit code.
 *
 * Whatever goes wrong after the first operation, the history is checked and the verdict written: a
 * clean-up that fails must not cost the verdict.
 */
import { join } from 'node:path';
import {
  createInlineCheck,
  createThreadCheck,
  type RunCheck,
  type Violation,
} from '../check/follow-run.ts';
import type { NodeLog } from '../checker.ts';
import type { SelectedCluster } from '../cluster/select.ts';
import { packTraces, traceEvidence } from '../cluster/traces.ts';
import type { Cluster } from '../cluster.ts';
import type { RunConsole } from '../console.ts';
import { describeSchedule as scheduleWord } from '../nemesis/create-schedule.ts';
import { renderReport } from '../report/report.ts';
import type { TestRecord } from '../report/run-record.ts';
import { renderSpaceTime } from '../report/space-time.ts';
import { spaceTimeOf } from '../report/space-time-run.ts';
import { fileLines } from '../run/file-lines.ts';
import { RunHistory } from '../run/run-history.ts';
import { runTest, type TestOutcome } from '../run/run-test.ts';
import { createRunFolder, type RunFolder } from '../store.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import type { Interruption } from './interruption.ts';
import { judgeRun, type RecordedRun } from './judge.ts';
import { livenessOf } from './liveness-settings.ts';
import { type OpenCluster, openCluster } from './open-cluster.ts';
import { type PlannedFaults, planFaults } from './planned-faults.ts';
import { describeRepeat, type TestSettings } from './settings.ts';
import { describeStop } from './stop-words.ts';
import type { UndoStack } from './undo-stack.ts';
import { readVersions } from './versions.ts';

export interface SessionOptions {
  readonly settings: TestSettings;
  readonly console: RunConsole;
  /** Asked for between the steps; the second Ctrl-C comes through `giveUp`. */
  readonly interruption: Interruption;
  readonly undo: UndoStack;
  /** Told where the results will be, before the first operation. */
  readonly onFolder?: (path: string) => void;
}

/** Returns the exit code. Rejects only when there is not even a history to check. */
export async function runSession(options: SessionOptions): Promise<number> {
  const { settings, undo, console } = options;
  const startedAt = new Date();
  const run = await openCluster(options);
  const planned = planFaults(settings, run.selected);
  for (const note of planned.notes) console.note(note);
  const folder = createRunFolder({
    resultsRoot: settings.resultsRoot,
    system: settings.system.name,
    workload: settings.workload.name,
    startedAt,
  });
  options.onFolder?.(folder.path);
  const { selected } = run;
  const test = describeTest(settings, { ...run, planned }, startedAt);
  folder.writeTest(test);
  console.start(test, folder.path);
  const recorded = await recordTest({ ...options, planned }, selected, folder);
  console.startCheck();
  const problems = [...recorded.problems];
  await selected.cluster
    .collectLogs(folder.path)
    .catch((error: unknown) => problems.push(`could not collect the logs: ${messageOf(error)}`));
  const kept = selected.keptOfRun();
  problems.push(...(await undo.unwind()));
  const traces = traceEvidence({
    folder: folder.path,
    nodes: settings.nodes,
    whyNot: run.whyNoTraces,
    referee: selected.referee(),
  });
  return conclude({ options, test, folder, recorded: { ...recorded, problems }, traces, kept });
}

interface Recorded {
  readonly history: RunHistory;
  /** null when the harness failed on the way. */
  readonly outcome: TestOutcome | null;
  readonly problems: readonly string[];
  /** What ended the run, with `--check online`. */
  readonly violation: Violation | null;
  /** Of the run alone, without what cleans up behind it. */
  readonly traceHash: string | null;
}

async function recordTest(
  { settings, console, interruption, planned }: SessionOptions & { planned: PlannedFaults },
  { cluster, timers, drive, traceHash }: SelectedCluster,
  folder: RunFolder,
): Promise<Recorded> {
  const ops = new RunHistory(folder.historyPath);
  const online = await beginCheck(settings, cluster, console);
  const history = folder.historyWriter();
  const nemesis = folder.nemesisWriter();
  try {
    const outcome = await drive(() =>
      runTest({
        ...settings,
        ...livenessOf(settings, cluster),
        nemesis: planned.nemesis,
        createSchedule: (random) => planned.createSchedule(random),
        cluster,
        timers,
        timeLimitMs: settings.timeLimitS * 1000,
        recoveryLimitMs: settings.recoveryLimitS * 1000,
        history: ops,
        sinks: [(op) => history.append(op), (op) => console.onOp(op), (op) => online?.onOp(op)],
        onEvidence: (record) => nemesis.append(record),
        onStatus: (status) => console.onStatus(status),
        shouldStop: () => interruption.asked || (online?.violation ?? null) !== null,
      }),
    );
    // Its own trouble costs no verdict: the whole history is checked in any case.
    if (typeof online?.problem === 'string') console.note(online.problem);
    const violation = online?.violation ?? null;
    return { history: ops, outcome, problems: [], violation, traceHash: traceHash() };
  } catch (error) {
    const problems = [`the run broke off: ${messageOf(error)}`];
    const violation = online?.violation ?? null;
    return { history: ops, outcome: null, problems, violation, traceHash: traceHash() };
  } finally {
    history.close();
    nemesis.close();
    await online?.close();
  }
}

/** The check during the run; null when the history is only checked after it. */
async function beginCheck(
  { check, workload, checkMemoryLimitMb }: TestSettings,
  { kind }: Cluster,
  console: RunConsole,
): Promise<RunCheck | null> {
  if (check === 'after') return null;
  const options = {
    model: workload.model,
    memoryLimitBytes: checkMemoryLimitMb * 1e6,
    onViolation: (violation: Violation) => console.note(`${describeStop(violation)}; stopping`),
  };
  // A thread would look at other moments each time: the same seed must give the same history.
  return kind === 'sim' ? createInlineCheck(options) : createThreadCheck(options);
}

interface Conclusion {
  readonly options: SessionOptions;
  readonly test: TestRecord;
  readonly folder: RunFolder;
  readonly recorded: Recorded;
  readonly traces: RecordedRun['traces'];
  /** For the diagram; null where nothing was kept. */
  readonly kept: ReturnType<SelectedCluster['keptOfRun']>;
}

async function conclude(conclusion: Conclusion): Promise<number> {
  const { options, test, folder, recorded, traces, kept } = conclusion;
  const { settings, console } = options;
  const { history, outcome } = recorded;
  // Without a single operation there is nothing to judge, and the reason is all there is to say.
  if (history.length === 0) throw new Error(recorded.problems.join('; '));
  const { traceHash } = recorded;
  const judged = await judgeRun({
    ...recorded,
    traces,
    settings,
    historyPath: folder.historyPath,
    logs: linesOfLogs(folder, settings.nodes),
    signal: options.interruption.beginCheck(),
  });
  const results = traceHash === null ? judged : { ...judged, traceHash };
  folder.writeResults(results);
  await packTraces(folder.path, settings.nodes, results.valid).catch((error: unknown) =>
    console.note(`could not pack the traces: ${messageOf(error)}`),
  );
  const logs = folder.logFiles(settings.nodes);
  const run = { test, results, ops: history, logs };
  folder.writeReport(renderReport({ ...run, hasSpaceTime: kept !== null }));
  if (kept !== null) {
    folder.writeSpaceTime(renderSpaceTime(spaceTimeOf(run, kept.kept, kept.endUs)));
  }
  console.finish(results, folder.path);
  // A violation stays a violation, even when the harness failed beside it.
  if (outcome === null && results.valid !== false) return exitCodes.crashed;
  return exitCodeOf(results.valid);
}

/** Read when somebody wants them; traces are no logs. */
function linesOfLogs(folder: RunFolder, nodes: readonly string[]): readonly NodeLog[] {
  return folder
    .logFiles(nodes)
    .filter((log) => !log.path.endsWith('/trace.jsonl'))
    .map((log) => ({ ...log, lines: fileLines(join(folder.path, log.path)) }));
}

function describeTest(
  settings: TestSettings,
  { selected, selection, planned }: OpenCluster & { planned: PlannedFaults },
  startedAt: Date,
): TestRecord {
  const { system, workload, nodes, concurrency, rate, seed } = settings;
  const cluster: Cluster = selected.cluster;
  return {
    name: `${system.name}-${workload.name}`,
    system: system.name,
    workload: workload.name,
    workloadFacts: workload.facts,
    cluster: { kind: cluster.kind, description: cluster.describe(), reason: selection.reason },
    nodes,
    concurrency,
    rate,
    timeLimitS: settings.endsWithFaults ? null : settings.timeLimitS,
    keys: settings.size.keyCount,
    opsPerKey: settings.size.opsPerKey,
    sizeNotes: settings.size.notes,
    seed,
    // What was asked for and cannot be had at all is still told as asked for.
    nemesis: planned.names.length === 0 ? settings.nemesis : planned.names,
    nemesisEvery: settings.nemesis.length === 0 ? null : planned.every,
    bug: settings.bug?.id ?? null,
    versions: readVersions(),
    options: {
      'deadline-ms': settings.deadlineMs,
      'recovery-limit': settings.recoveryLimitS,
      check: settings.check,
      trace: settings.trace,
      ...describeSchedule(settings, planned),
      ...(settings.availabilityMin === null ? {} : { availability: settings.availabilityMin }),
    },
    repeat: describeRepeat(settings, cluster.kind),
    startedAt: startedAt.toISOString(),
  };
}

/** The flags of the faults, as the report shows them. */
function describeSchedule(
  { nemesisScript, nemesisSchedule, nemesis, requireAllFaults }: TestSettings,
  { swarm }: PlannedFaults,
): TestRecord['options'] {
  const required = requireAllFaults ? { 'require-all-faults': true } : {};
  if (nemesisScript !== null) return { 'nemesis-file': nemesisScript.path, ...required };
  if (nemesis.length === 0) return required;
  return { 'nemesis-schedule': swarm ?? scheduleWord(nemesisSchedule), ...required };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
