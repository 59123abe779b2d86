/**
 * One test on a cluster that runs: the workload with faults, then the recovery.
 *
 * It records and judges nothing. Whatever goes wrong in it, the history up to there is written and
 * the faults are undone.
 */
import type {
  ExcusedLine,
  IntrospectionSample,
  RunLiveness,
  RunRecovery,
  StateHash,
  UninjectedFault,
} from '../checker.ts';
import type { Cluster, UnexpectedExit } from '../cluster.ts';
import { type Generator, limit, stagger, timeLimit } from '../generator.ts';
import type { ConductedFault } from '../nemesis/conductor.ts';
import type { Schedule } from '../nemesis/schedule.ts';
import type { LeaderSighting, NemesisRecord } from '../report/run-record.ts';
import type { System } from '../systems/system.ts';
import type { Workload, WorkloadSize } from '../workload.ts';
import { pause } from './introspect.ts';
import { type LivenessSettings, watchCore, watchEnd } from './liveness.ts';
import { RunLoop, type ThreadPlan } from './loop.ts';
import { type Leadership, Observation } from './observation.ts';
import { createRandomStream, type RandomSource } from './random.ts';
import { type OpSink, Recorder } from './recorder.ts';
import { recover, recoveryKey } from './recovery.ts';
import { type AskedFamily, RunFaults } from './run-faults.ts';
import type { RunHistory } from './run-history.ts';
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
  readonly size: WorkloadSize;
  readonly deadlineMs: number;
  readonly recoveryLimitMs: number;
  /** Where time is virtual: a liveness phase comes before the recovery. */
  readonly liveness?: LivenessSettings;
  readonly nemesis: readonly AskedFamily[];
  createSchedule(random: RandomSource): Schedule;
  /** The workload ends when the schedule is over, if the time is not over before. */
  readonly endsWithFaults: boolean;
  /** Takes every op; the workload's final operations are made from it. */
  readonly history: RunHistory;
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
  readonly uninjected: readonly UninjectedFault[];
  readonly excusedLines: readonly ExcusedLine[];
  readonly anyEndExcused: readonly string[];
  readonly recovery: RunRecovery;
  readonly liveness: RunLiveness | null;
  readonly leaders: readonly LeaderSighting[];
  readonly samples: readonly IntrospectionSample[];
  readonly hashes: readonly StateHash[];
  readonly unexpectedExits: readonly UnexpectedExit[];
}

const monitorMs = 500;
/** While a fault waits for a state of the nodes. */
const lookOftenMs = 50;
const leaderLimitMs = 10_000;
const leaderPollMs = 20;

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
  readonly #faults: RunFaults;
  readonly #keys = new Set<string>();
  readonly #observation: Observation;
  #faultsFinished = false;
  #failure: unknown = null;

  constructor(options: TestOptions) {
    this.#options = options;
    const { timers, history } = options;
    const noteKey: OpSink = (op) => {
      if (op.key !== undefined && op.key !== recoveryKey) this.#keys.add(op.key);
    };
    const keep: OpSink = (op) => history.append(op);
    this.#recorder = new Recorder(timers, [...options.sinks, keep, noteKey]);
    this.#observation = new Observation(options, () => this.#faults.members);
    this.#faults = new RunFaults({
      ...options,
      recorder: this.#recorder,
      observe: async () => {
        await this.#observe();
        return this.#observation.lastLook;
      },
      findLeader: async () => (await this.#observe())?.leader ?? null,
      lastLeader: () => this.#observation.leaders.at(-1)?.leader ?? null,
      onFailure: (error) => {
        this.#failure ??= error;
      },
    });
  }

  async run(): Promise<TestOutcome> {
    await this.#faults.setup();
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
      const waitMs = this.#faults.wantsLooks ? lookOftenMs : monitorMs;
      cancel = timers.after(waitMs, () => {
        this.#observe()
          .then(() => this.#observation.hash())
          .then(next, next);
      });
    };
    next();
    return () => {
      stopped = true;
      cancel();
    };
  }

  async undo(): Promise<void> {
    await this.#faults.undo();
  }

  async #phases(): Promise<TestOutcome> {
    await this.#leaderKnown();
    const nextProcess = await this.#workload();
    const notUndone = await this.#faults.finish();
    this.#faultsFinished = true;
    await this.#observe();
    const { liveness, seed } = this.#options;
    const options = {
      ...this.#options,
      members: this.#faults.members,
      recorder: this.#recorder,
      random: createRandomStream(seed, 'recovery'),
      keys: [...this.#keys],
      ops: this.#options.history,
      firstProcess: nextProcess,
      limitMs: this.#options.recoveryLimitMs,
    };
    const lively = liveness && {
      ...options,
      liveness,
      random: createRandomStream(seed, 'liveness'),
    };
    const watched = lively && (await watchCore(lively));
    const firstProcess = watched?.nextProcess ?? nextProcess;
    const recovered = await recover({ ...options, firstProcess });
    const end = lively && (await watchEnd(lively));
    const problems = [...notUndone, ...(recovered.problem === null ? [] : [recovered.problem])];
    const recovery = { ...recovered, problem: problems.length === 0 ? null : problems.join('; ') };
    await this.#observe();
    await this.#observation.settle(this.#options.shouldStop);
    const { leaders, samples, hashes } = this.#observation;
    return {
      faults: this.#faults.faults,
      uninjected: this.#faults.uninjected,
      excusedLines: this.#faults.excusedLines,
      anyEndExcused: this.#faults.anyEndExcused,
      recovery,
      liveness:
        end === undefined || liveness === undefined
          ? null
          : {
              ...{ ...end, core: watched?.core ?? null, logEntries: liveness.logEntries },
              segmentKiB: liveness.segmentKiB,
              electionTimeoutMs: liveness.electionTimeoutMs,
              isQuiet: liveness.isQuiet,
            },
      leaders,
      samples,
      hashes,
      unexpectedExits: [...this.#options.cluster.unexpectedExits(), ...this.#faults.blamedExits],
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
      onCompletion: (op, thread) => this.#faults.completed(op, thread),
      shouldStop: () => this.#hasEnded(),
    });
    await loop.run();
    if (this.#failure !== null) throw this.#failure;
    return loop.nextProcess;
  }

  #hasEnded(): boolean {
    if (this.#failure !== null || this.#options.shouldStop()) return true;
    return this.#options.endsWithFaults && this.#faults.areOver;
  }

  #generator(): Generator {
    const { workload, size, rate, opCount, timeLimitMs, timers } = this.#options;
    const endless = workload.createGenerator(size);
    const counted = opCount === null ? endless : limit(opCount, endless);
    const paced = rate === null ? counted : stagger(rate, counted);
    return timeLimit(timers.nowNs() + timeLimitMs * 1e6, paced);
  }

  /** Half of the clients stay at their node; the other half follow redirects. */
  #threads(): readonly ThreadPlan[] {
    const { cluster, system, timers, concurrency, workload } = this.#options;
    const { object } = workload;
    return Array.from({ length: concurrency }, (_, thread) => ({
      node: cluster.nodes[placeOf(thread, cluster.nodes.length)] ?? '',
      createClient: () =>
        system.createClient({
          cluster,
          timers,
          object,
          followRedirects: followsRedirects(thread, this.#options),
        }),
    }));
  }

  /**
   * Waits, for ten seconds at most, until every node names the same leader: a workload that asks
   * before the first election is refused, and has tested nothing.
   */
  async #leaderKnown(): Promise<void> {
    const { cluster, system, timers, shouldStop } = this.#options;
    const endNs = timers.nowNs() + leaderLimitMs * 1e6;
    for (;;) {
      await this.#observe();
      const named = this.#observation.samples.slice(-cluster.nodes.length);
      const leaders = new Set(named.map(({ leader }) => leader));
      if (named.length === cluster.nodes.length && leaders.size === 1 && !leaders.has(null)) return;
      if (!system.introspects || shouldStop() || timers.nowNs() > endNs) return;
      await pause(timers, leaderPollMs);
    }
  }

  async #observe(): Promise<Leadership | null> {
    const found = await this.#observation.look();
    this.#faults.looked(this.#observation.lastLook);
    const term = this.#observation.leaders.at(-1)?.term ?? 0;
    const phase = this.#faultsFinished ? 'recovery' : 'workload';
    const { inForce: faults } = this.#faults;
    this.#options.onStatus({ phase, faults, leader: found?.leader ?? null, term });
    return found;
  }
}

/**
 * Each node has clients of even and of odd numbers, of which workloads may let one kind only read:
 * with an even number of nodes every other round begins one node later.
 */
export function placeOf(thread: number, nodeCount: number): number {
  const shift = nodeCount % 2 === 0 ? Math.floor(thread / nodeCount) : 0;
  return (thread + shift) % nodeCount;
}

/** Every other round of nodes floats, so that each node has both kinds of clients. */
function followsRedirects(thread: number, { cluster, concurrency }: TestOptions): boolean {
  const nodeCount = cluster.nodes.length;
  // A client that is alone must find the leader.
  if (concurrency === 1) return true;
  if (concurrency < 2 * nodeCount) return thread % 2 === 1;
  return Math.floor(thread / nodeCount) % 2 === 1;
}
