/**
 * The end of a run: everything healed and running, a write applied everywhere, every key read.
 *
 * Its operations are part of the history like any other. A write that was lost during the faults
 * shows here at the latest: the final reads are what the cluster has agreed on.
 */
import type { Op } from '../../checker/history.ts';
import type { Generator } from '../generator.ts';
import { limit, stagger } from '../generator.ts';
import { introspectNode, type Observer, pause } from './introspect.ts';
import { type LoopOptions, RunLoop } from './loop.ts';
import type { RandomSource } from './random.ts';
import type { Recorder } from './recorder.ts';

export interface RecoveryOptions extends Observer {
  readonly recorder: Recorder;
  readonly random: RandomSource;
  readonly deadlineMs: number;
  /** Every key of the workload. */
  readonly keys: readonly string[];
  /** The first process id that nobody has used. */
  readonly firstProcess: number;
  readonly limitMs: number;
  readonly shouldStop: () => boolean;
}

export interface Recovery {
  /** null when all is well; else what did not happen, as a sentence. */
  readonly problem: string | null;
  /** Index of the completion that acknowledged the write after the healing. */
  readonly acknowledgedAt: number | null;
  readonly keysRead: number;
}

/** The key of the writes that show that the cluster is back; unlike any key of a workload. */
export const recoveryKey = 'recovery';

const pollMs = 50;
const attemptsPerSecond = 20;

/** Never rejects for what the cluster did not do: that is the problem it reports. */
export async function recover(options: RecoveryOptions): Promise<Recovery> {
  const lost = await startAll(options);
  if (lost.length > 0) return { problem: lost.join('; '), acknowledgedAt: null, keysRead: 0 };
  const write = await attemptUntilOk(
    options,
    { f: 'write', key: recoveryKey, firstValue: -1 },
    deadline(options),
  );
  if (write.ok === null) return notRecovered(options, 'no write was acknowledged', 0);
  const lagging = await appliedEverywhere(options, deadline(options));
  // A laggard has used up its own time, not that of the reads.
  const stop = deadline(options);
  let firstProcess = write.nextProcess;
  let keysRead = 0;
  for (const key of [recoveryKey, ...options.keys]) {
    const read = await attemptUntilOk({ ...options, firstProcess }, { f: 'read', key }, stop);
    firstProcess = read.nextProcess;
    if (read.ok === null) return notRecovered(options, `key ${key} could not be read`, keysRead);
    keysRead++;
  }
  const problem =
    lagging.length === 0
      ? null
      : `${lagging.join(', ')} did not apply the write that was acknowledged after the healing` +
        ` within ${options.limitMs / 1000} s`;
  return { problem, acknowledgedAt: write.ok.index, keysRead };
}

/** True once the limit, counted from now, is over, or the run is to stop. */
function deadline(options: RecoveryOptions): () => boolean {
  const startNs = options.timers.nowNs();
  const isLate = (): boolean => options.timers.nowNs() - startNs > options.limitMs * 1e6;
  return () => isLate() || options.shouldStop();
}

function notRecovered(options: RecoveryOptions, what: string, keysRead: number): Recovery {
  const seconds = options.limitMs / 1000;
  const why = options.shouldStop() ? 'before the run was stopped' : `within ${seconds} s`;
  return { problem: `${what} ${why} after the healing`, acknowledgedAt: null, keysRead };
}

/** Whatever is frozen or gone comes back, whoever did it; returns what did not, as sentences. */
async function startAll({ cluster }: RecoveryOptions): Promise<readonly string[]> {
  const problems = await Promise.all(
    cluster.nodes.map(async (node) => {
      try {
        const state = await cluster.nodeState(node);
        if (state === 'paused') await cluster.resume(node);
        if (state === 'stopped') await cluster.start(node);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }),
  );
  return problems.filter((problem) => problem !== null);
}

interface Attempt {
  readonly f: 'write' | 'read';
  readonly key: string;
  /** Values of the writes count down from here. */
  readonly firstValue?: number;
}

/** One process at a time tries until an operation is ok. Each try is an operation of its own. */
async function attemptUntilOk(
  options: RecoveryOptions,
  attempt: Attempt,
  stop: () => boolean,
): Promise<{ readonly ok: Op | null; readonly nextProcess: number }> {
  let ok: Op | null = null;
  const { cluster, system, timers } = options;
  const loopOptions: LoopOptions = {
    generator: limit(10_000, stagger(attemptsPerSecond, attempts(attempt, 0))),
    threads: cluster.nodes.slice(0, 1).map((node) => ({
      node,
      createClient: () => system.createClient({ cluster, timers, followRedirects: true }),
    })),
    firstProcess: options.firstProcess,
    recorder: options.recorder,
    timers,
    random: options.random,
    deadlineMs: options.deadlineMs,
    onCompletion: (op) => {
      if (op.type === 'ok') ok = op;
    },
    shouldStop: () => ok !== null || stop(),
  };
  const loop = new RunLoop(loopOptions);
  await loop.run();
  return { ok, nextProcess: loop.nextProcess };
}

function attempts(attempt: Attempt, count: number): Generator {
  const { f, key, firstValue } = attempt;
  const value = firstValue === undefined ? null : firstValue - count;
  const self: Generator = {
    op: () => ({ type: 'op', op: { f, key, value }, generator: attempts(attempt, count + 1) }),
    update: () => self,
  };
  return self;
}

/** Waits until every node has applied what its leader has logged by now; returns the laggards. */
async function appliedEverywhere(
  options: RecoveryOptions,
  stop: () => boolean,
): Promise<readonly string[]> {
  const { cluster, timers } = options;
  let target = Number.POSITIVE_INFINITY;
  for (;;) {
    const answers = await Promise.all(
      cluster.nodes.map(async (node) => ({ node, is: await introspectNode(options, node) })),
    );
    const leaders = answers.flatMap(({ is }) => (is?.role === 'leader' ? [is] : []));
    const leader = leaders.sort((a, b) => b.term - a.term)[0];
    // A leader's log holds every committed entry, the acknowledged write among them. [Fig. 3]
    if (leader !== undefined) target = Math.min(target, leader.lastLogIndex);
    const lagging = answers.filter((answer) => (answer.is?.appliedIndex ?? -1) < target);
    if (lagging.length === 0) return [];
    if (stop()) return lagging.map((answer) => answer.node);
    await pause(timers, pollMs);
  }
}
