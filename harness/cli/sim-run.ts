/**
 * One seed of `rafture sim` in this process, with nothing written: the run of `rafture test
 * --cluster sim`, its checkers and its verdict, without files, threads and a report.
 */
import type { NodeLog } from '../checker.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { neededAbilities } from '../nemesis/needed-abilities.ts';
import type { Schedule } from '../nemesis/schedule.ts';
import { RunHistory } from '../run/run-history.ts';
import { runTest, type TestOutcome } from '../run/run-test.ts';
import { findingsOf, fingerprintOf, type SeedResult } from '../seeds/seed-result.ts';
import type { SimPlan } from '../seeds/sim-plan.ts';
import { Referee } from '../simulation/referee.ts';
import { reportOf } from '../simulation/referee-report.ts';
import type { ServerCode } from '../simulation/server-code.ts';
import { describeWorld, optionsOfWorld } from '../simulation/world.ts';
import { WorldWatch } from '../simulation/world-watch.ts';
import { judgeRun } from './judge.ts';
import { livenessOf } from './liveness-settings.ts';
import { askedFamilies } from './nemesis-settings.ts';
import { type PlannedFaults, planFaults } from './planned-faults.ts';
import { parseSettings, type TestFlags, type TestSettings } from './settings.ts';

/** Some seconds of search; usual histories take a few thousand. */
const checkStepsMax = 5_000_000;

export interface SeedRun {
  readonly plan: SimPlan;
  readonly server: ServerCode;
  /** Ends the checks with what is known. */
  readonly signal: AbortSignal;
  /** Watches the faults at work, and hears what came of them. */
  readonly witness?: RunWitness;
  /** Called when the run is over and its checks have not begun. */
  readonly onRan?: (history: RunHistory) => void;
}

/** Who wants to know more of a run than its result. */
export interface RunWitness {
  watch(schedule: Schedule): Schedule;
  hear(outcome: TestOutcome, settings: TestSettings): void;
}

/** Rejects with SettingsError when the plan cannot be had. */
export async function runSeed(run: SeedRun): Promise<SeedResult> {
  const { plan, server, signal, witness } = run;
  const settings = await parseSettings(flagsOfPlan(plan));
  const referee = new Referee();
  const watch = new WorldWatch(settings.nodes, settings.world);
  const cluster = createSimulatedCluster({
    ...{ seed: settings.seed, nodes: settings.nodes, server, trapImpurity: true },
    spares: sparesOf(settings),
    ...optionsOfWorld(settings.world),
    onTraceEvent: (event) => {
      referee.observe(event);
      watch.observe(event);
    },
    watcher: referee,
  });
  cluster.observeWorld(watch);
  const { timers } = cluster;
  const history = new RunHistory();
  const planned = planFaults(settings, { cluster, timers });
  const problems: string[] = [];
  const outcome = await cluster
    .run(() => startAndTest(settings, { cluster, planned, history, witness }))
    .catch((error: unknown) => {
      problems.push(`the run broke off: ${error instanceof Error ? error.message : String(error)}`);
      return null;
    });
  run.onRan?.(history);
  if (outcome !== null) witness?.hear(outcome, settings);
  const results = await judgeRun({
    ...{ settings, history, historyPath: null, outcome, problems, violation: null, signal },
    checkStepsMax,
    logs: cluster.nodes.map((node) => logOf(cluster, node)),
    traces: { traces: [], whyNoTraces: null, referee: reportOf(referee, watch.evidence()) },
  });
  const findings = findingsOf(results.checkers);
  return {
    ...{ seed: plan.seed, workload: plan.workload, valid: results.valid, findings },
    fingerprint: fingerprintOf(findings),
    traceHash: cluster.traceHash(),
    lines: history.length,
    faults: outcome?.faults.filter((fault) => fault.tookEffect).length ?? 0,
    events: cluster.eventCount,
    messages: cluster.messageCounts().sent,
    virtualMs: Math.round(timers.nowNs() / 1e6),
  };
}

async function startAndTest(
  settings: TestSettings,
  run: {
    readonly cluster: SimulatedCluster;
    readonly planned: PlannedFaults;
    readonly history: RunHistory;
    readonly witness: RunWitness | undefined;
  },
): Promise<TestOutcome> {
  const { cluster, planned, history, witness } = run;
  await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
  return runTest({
    ...settings,
    nemesis: planned.nemesis,
    createSchedule: (random) => {
      const schedule = planned.createSchedule(random);
      return witness?.watch(schedule) ?? schedule;
    },
    ...{ cluster, timers: cluster.timers, history, sinks: [] },
    timeLimitMs: settings.timeLimitS * 1000,
    recoveryLimitMs: settings.recoveryLimitS * 1000,
    ...livenessOf(settings, cluster),
    onEvidence: () => {},
    onStatus: () => {},
    shouldStop: () => false,
  });
}

/** What a fault may add to the cluster, as `rafture test` has it. */
function sparesOf(settings: TestSettings): readonly string[] {
  const prepare = neededAbilities(askedFamilies(settings));
  return prepare.has('spares') ? [`n${settings.nodes.length + 1}`] : [];
}

function logOf(cluster: SimulatedCluster, node: string): NodeLog {
  return { node, path: `${node}/server.log`, lines: cluster.logLines(node) };
}

/** As `rafture test` would have been given them. */
export function flagsOfPlan(plan: SimPlan): TestFlags {
  const { nemesisFile, world } = plan;
  const isScripted = nemesisFile !== null;
  return {
    ...{ system: 'reference', workload: plan.workload, bug: undefined },
    ...{ cluster: 'sim', images: 'auto', processNetwork: 'auto', nodes: String(plan.nodes) },
    ...{ concurrency: String(plan.concurrency), rate: plan.rate, timeLimit: plan.timeLimitS },
    ...{ ops: plan.ops, keys: plan.keys ?? undefined, deadlineMs: plan.deadlineMs },
    opsPerKey: plan.opsPerKey ?? undefined,
    ...{ testCount: 1, seed: plan.seed, results: 'results' },
    nemesis: isScripted ? undefined : plan.nemesis,
    nemesisSchedule: isScripted ? undefined : plan.nemesisSchedule,
    nemesisEvery: plan.nemesisEvery,
    nemesisFile: nemesisFile ?? undefined,
    ...{ nemesisInterval: undefined, requireAllFaults: false, recoveryLimit: 60 },
    // The steps end a search long before the time does, which differs from machine to machine.
    ...{ check: 'after', checkTimeLimit: 600, checkMemoryLimit: 1000 },
    ...{ availability: undefined, trace: 'on' },
    ...worldFlag(world),
  };
}

function worldFlag(world: SimPlan['world']): Pick<TestFlags, 'world'> {
  const text = describeWorld(world);
  return { world: text === '' ? undefined : text };
}
