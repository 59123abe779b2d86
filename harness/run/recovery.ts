/**
 * The end of a run: everything healed and running, a change applied everywhere, all looked at.
 *
 * Its operations are part of the history like any other. What was lost during the faults shows here
 * at the latest: the final operations are what the cluster has agreed on.
 */
import type { Op } from '../../checker/history.ts';
import type { RunRecovery } from '../checker.ts';
import { backOff, type Generator, untilOk } from '../generator.ts';
import type { Workload } from '../workload.ts';
import { introspectNode, type Observer, pause } from './introspect.ts';
import { RunLoop } from './loop.ts';
import type { RandomSource } from './random.ts';
import type { Recorder } from './recorder.ts';

export interface RecoveryOptions extends Observer {
  /** Nodes that must come back. */
  readonly members: readonly string[];
  readonly recorder: Recorder;
  readonly random: RandomSource;
  readonly workload: Pick<Workload, 'object' | 'createProbe' | 'createFinalGenerator'>;
  readonly deadlineMs: number;
  /** Every key of the workload. */
  readonly keys: readonly string[];
  /** The history so far. */
  readonly ops: Iterable<Op>;
  /** The first process id that nobody has used. */
  readonly firstProcess: number;
  readonly limitMs: number;
  readonly shouldStop: () => boolean;
}

/** The key of the changes that show that the cluster is back; unlike any key of a workload. */
export const recoveryKey = 'recovery';

const pollMs = 50;
const retryMs = 50;

/** Never rejects for what the cluster did not do: that is the problem it reports. */
export async function recover(options: RecoveryOptions): Promise<RunRecovery> {
  const { workload, keys, ops, recorder } = options;
  const beganAt = recorder.length;
  const beganNs = options.timers.nowNs();
  const sinceMs = (): number => (options.timers.nowNs() - beganNs) / 1e6;
  const lost = await startAll(options);
  if (lost.length > 0) return { problem: lost.join('; '), finalOperations: 0, beganAt };
  const probes = untilOk((attempt) => ({ ...workload.createProbe(attempt), key: recoveryKey }));
  const probed = await drive(options, probes, {
    stop: deadline(options),
    nodes: options.cluster.nodes.slice(0, 1),
  });
  if (!probed.isDone) {
    const problem = notRecovered(options, 'no change was acknowledged');
    return { problem, finalOperations: 0, beganAt };
  }
  const servedAfterMs = sinceMs();
  const lagging = await appliedEverywhere(options, deadline(options));
  const caughtUpAfterMs = lagging.length === 0 ? sinceMs() : null;
  const times = { servedAfterMs, caughtUpAfterMs };
  // A laggard has used up its own time, not that of the final operations.
  const final = await drive(
    { ...options, firstProcess: probed.nextProcess },
    workload.createFinalGenerator({ keys: [recoveryKey, ...keys], ops }),
    { stop: deadline(options), nodes: options.cluster.nodes },
  );
  const finalOperations = final.okCount;
  if (!final.isDone) {
    const what = `the final operations did not come to their end: ${finalOperations} were answered`;
    return { problem: notRecovered(options, what), finalOperations, beganAt, ...times };
  }
  const problem =
    lagging.length === 0
      ? null
      : `${lagging.join(', ')} did not apply the change that was acknowledged after the healing` +
        ` within ${options.limitMs / 1000} s`;
  return { problem, finalOperations, beganAt, ...times };
}

/** True once the limit, counted from now, is over, or the run is to stop. */
function deadline(options: RecoveryOptions): () => boolean {
  const startNs = options.timers.nowNs();
  const isLate = (): boolean => options.timers.nowNs() - startNs > options.limitMs * 1e6;
  return () => isLate() || options.shouldStop();
}

function notRecovered(options: RecoveryOptions, what: string): string {
  const seconds = options.limitMs / 1000;
  const why = options.shouldStop() ? 'before the run was stopped' : `within ${seconds} s`;
  return `${what} ${why} after the healing`;
}

/** Whatever is frozen or gone comes back, whoever did it; returns what did not, as sentences. */
export async function startAll({ cluster, members }: RecoveryOptions): Promise<readonly string[]> {
  const problems = await Promise.all(
    members.map(async (node) => {
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

interface Driven {
  readonly isDone: boolean;
  readonly okCount: number;
  readonly nextProcess: number;
}

/** A few clients carry out what the generator says, until it is done or it is time to stop. */
export async function drive(
  options: Omit<RecoveryOptions, 'members'>,
  generator: Generator,
  { stop, nodes }: { readonly stop: () => boolean; readonly nodes: readonly string[] },
): Promise<Driven> {
  const { cluster, system, timers, workload } = options;
  const { object } = workload;
  let okCount = 0;
  const loop = new RunLoop({
    generator: backOff(retryMs, generator),
    threads: nodes.map((node) => ({
      node,
      createClient: () => system.createClient({ cluster, timers, object, followRedirects: true }),
    })),
    firstProcess: options.firstProcess,
    recorder: options.recorder,
    timers,
    random: options.random,
    deadlineMs: options.deadlineMs,
    onCompletion: (op) => {
      if (op.type === 'ok') okCount++;
    },
    shouldStop: stop,
  });
  await loop.run();
  return { isDone: loop.isDone, okCount, nextProcess: loop.nextProcess };
}

/** Waits until every node has applied what its leader has logged by now; returns the laggards. */
async function appliedEverywhere(
  options: RecoveryOptions,
  stop: () => boolean,
): Promise<readonly string[]> {
  const { members, system, timers } = options;
  if (!system.introspects) return [];
  let target = Number.POSITIVE_INFINITY;
  for (;;) {
    const answers = await Promise.all(
      members.map(async (node) => ({ node, is: await introspectNode(options, node) })),
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
