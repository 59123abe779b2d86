/**
 * One test on a cluster that runs: the workload with faults, then the recovery.
 *
 * It records and judges nothing. Whatever goes wrong in it, the history up to there is written and
 * the faults are undone.
 */
import type { Op } from '../../checker/history.ts';
import type { Cluster, UnexpectedExit } from '../cluster.ts';
import { type Generator, limit, stagger, timeLimit } from '../generator.ts';
import { type ConductedFault, Conductor } from '../nemesis/conductor.ts';
import { KillNemesis } from '../nemesis/kill.ts';
import { PartitionNemesis } from '../nemesis/partition.ts';
import { type FaultFamily, FaultSchedule, StallDetector } from '../nemesis/schedule.ts';
import type { LeaderSighting, NemesisRecord } from '../report/run-record.ts';
import type { System } from '../systems/system.ts';
import type { Workload } from '../workload.ts';
import { findLeader } from './introspect.ts';
import { RunLoop, type ThreadPlan } from './loop.ts';
import { createRandomStream } from './random.ts';
import { type OpSink, Recorder } from './recorder.ts';
import { type Recovery, recover, recoveryKey } from './recovery.ts';
import type { HarnessTimers } from './timers.ts';

export interface TestOptions {
  readonly system: System;
  readonly workload: Workload;
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  readonly seed: number;
  readonly concurrency: number;
  /** Operations per second over all clients; null: as fast as they go. */
  readonly rate: number | null;
  readonly timeLimitMs: number;
  /** Ends the workload after so many operations; null: only the time does. */
  readonly opCount: number | null;
  readonly keyCount: number;
  readonly opsPerKey: number;
  readonly deadlineMs: number;
  readonly recoveryLimitMs: number;
  readonly nemesis: readonly FaultFamily[];
  readonly nemesisEvery: number;
  readonly sinks: readonly OpSink[];
  readonly onEvidence: (record: NemesisRecord) => void;
  readonly onStatus: (status: RunStatus) => void;
  /** True once the user has asked to stop: what there is gets checked. */
  readonly shouldStop: () => boolean;
}

/** For the live line. */
export interface RunStatus {
  readonly phase: 'workload' | 'recovery';
  readonly faults: readonly string[];
  readonly leader: string | null;
  readonly term: number;
}

export interface TestOutcome {
  readonly faults: readonly ConductedFault[];
  /** Families that were asked for and whose turn never came. */
  readonly notReached: readonly FaultFamily[];
  readonly recovery: Recovery;
  readonly leaders: readonly LeaderSighting[];
  readonly unexpectedExits: readonly UnexpectedExit[];
}

const monitorMs = 500;

/** Rejects only for what the harness or the cluster's machinery did wrong. */
export async function runTest(options: TestOptions): Promise<TestOutcome> {
  const test = new RunningTest(options);
  try {
    return await test.run();
  } finally {
    await test.undo();
  }
}

class RunningTest {
  readonly #options: TestOptions;
  readonly #recorder: Recorder;
  readonly #conductor: Conductor;
  readonly #schedule: FaultSchedule;
  readonly #stalls: StallDetector;
  readonly #keys = new Set<string>();
  readonly #leaders: LeaderSighting[] = [];
  #faultsFinished = false;
  #failure: unknown = null;

  constructor(options: TestOptions) {
    this.#options = options;
    const { cluster, seed, timers, concurrency, nemesisEvery, onEvidence } = options;
    const noteKey: OpSink = (op) => {
      if (op.key !== undefined && op.key !== recoveryKey) this.#keys.add(op.key);
    };
    this.#recorder = new Recorder(timers, [...options.sinks, noteKey]);
    this.#stalls = new StallDetector(concurrency);
    this.#schedule = new FaultSchedule({
      families: options.nemesis,
      every: nemesisEvery,
      random: createRandomStream(seed, 'schedule'),
    });
    this.#conductor = new Conductor({
      nodes: cluster.nodes,
      nemeses: { partition: new PartitionNemesis(cluster), kill: new KillNemesis(cluster) },
      recorder: this.#recorder,
      random: createRandomStream(seed, 'nemesis'),
      findLeader: async () => (await this.#observe())?.leader ?? null,
      onEvidence,
    });
  }

  async run(): Promise<TestOutcome> {
    if (this.#options.nemesis.includes('partition')) await this.#conductor.setup();
    const stopMonitor = this.#startMonitor();
    try {
      return await this.#phases();
    } finally {
      stopMonitor();
    }
  }

  /** Looks at the cluster twice a second, for the console and the report; returns how to stop. */
  #startMonitor(): () => void {
    const { timers } = this.#options;
    let stopped = false;
    let cancel = (): void => {};
    const next = (): void => {
      // A look may be under way when it is stopped; no other must follow it.
      if (stopped) return;
      cancel = timers.after(monitorMs, () => {
        this.#observe().then(next, next);
      });
    };
    next();
    return () => {
      stopped = true;
      cancel();
    };
  }

  async undo(): Promise<void> {
    if (!this.#faultsFinished) await this.#conductor.teardown();
  }

  async #phases(): Promise<TestOutcome> {
    const { cluster, system, timers, seed, deadlineMs, shouldStop } = this.#options;
    await this.#observe();
    const nextProcess = await this.#workload();
    await this.#conductor.settled();
    await this.#conductor.finish();
    this.#faultsFinished = true;
    await this.#observe();
    const recovery = await recover({
      cluster,
      system,
      timers,
      deadlineMs,
      shouldStop,
      recorder: this.#recorder,
      random: createRandomStream(seed, 'recovery'),
      keys: [...this.#keys],
      firstProcess: nextProcess,
      limitMs: this.#options.recoveryLimitMs,
    });
    await this.#observe();
    return {
      faults: this.#conductor.faults,
      notReached: this.#schedule.notReached,
      recovery,
      leaders: this.#leaders,
      unexpectedExits: cluster.unexpectedExits(),
    };
  }

  async #workload(): Promise<number> {
    const { timers, seed, deadlineMs } = this.#options;
    const loop = new RunLoop({
      generator: this.#generator(),
      threads: this.#threads(),
      recorder: this.#recorder,
      timers,
      random: createRandomStream(seed, 'workload'),
      deadlineMs,
      onCompletion: (op, thread) => this.#progress(op, thread),
      shouldStop: () => this.#failure !== null || this.#options.shouldStop(),
    });
    await loop.run();
    if (this.#failure !== null) throw this.#failure;
    return loop.nextProcess;
  }

  #generator(): Generator {
    const { workload, rate, opCount, timeLimitMs, timers } = this.#options;
    const endless = workload.createGenerator(this.#options);
    const counted = opCount === null ? endless : limit(opCount, endless);
    const paced = rate === null ? counted : stagger(rate, counted);
    return timeLimit(timers.nowNs() + timeLimitMs * 1e6, paced);
  }

  /** Half of the clients stay at their node; the other half follow redirects. */
  #threads(): readonly ThreadPlan[] {
    const { cluster, system, timers, concurrency } = this.#options;
    return Array.from({ length: concurrency }, (_, thread) => ({
      node: cluster.nodes[thread % cluster.nodes.length] ?? '',
      createClient: () =>
        system.createClient({
          cluster,
          timers,
          followRedirects: followsRedirects(thread, this.#options),
        }),
    }));
  }

  #progress(op: Op, thread: number): void {
    const stalled = this.#stalls.completed(thread, op.type !== 'info');
    // A restart that takes its time must not be followed by a burst of faults without effect.
    if (this.#conductor.busy) return;
    const action = this.#schedule.completed() ?? (stalled ? this.#schedule.stalled() : null);
    if (action === null) return;
    this.#conductor.take(action);
    this.#conductor.settled().catch((error: unknown) => {
      this.#failure ??= error;
    });
  }

  async #observe(): Promise<{ readonly leader: string; readonly term: number } | null> {
    const found = await findLeader(this.#options);
    const last = this.#leaders.at(-1);
    const leader = found?.leader ?? null;
    const term = found?.term ?? last?.term ?? 0;
    if (last === undefined || last.leader !== leader || last.term !== term) {
      this.#leaders.push({ timeNs: this.#options.timers.nowNs(), leader, term });
    }
    const phase = this.#faultsFinished ? 'recovery' : 'workload';
    this.#options.onStatus({ phase, faults: this.#conductor.inForce, leader, term });
    return found;
  }
}

/** Every other round of nodes floats, so that each node has both kinds of clients. */
function followsRedirects(thread: number, { cluster, concurrency }: TestOptions): boolean {
  const nodeCount = cluster.nodes.length;
  if (concurrency < 2 * nodeCount) return thread % 2 === 1;
  return Math.floor(thread / nodeCount) % 2 === 1;
}
