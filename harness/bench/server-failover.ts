/**
 * The leader is killed under write load, again and again: how long until writes are answered again,
 * measured by the writers, in units of the longest election timeout.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster, type BenchSystem, nodeNames } from './bench-cluster.ts';
import { askInfo } from './bench-connection.ts';
import type { BenchFlags } from './server-flags.ts';
import { type Comeback, FailoverLoad, type LoadProgram } from './server-load.ts';
import { median, quantile } from './server-statistics.ts';

export interface FailoverReport {
  readonly electionTimeoutMaxMs: number;
  readonly clients: number;
  readonly seed: number;
  readonly comebacks: readonly Comeback[];
}

/** Told to the servers, so that the unit is known. An election timeout is drawn from [n, 2n). */
const ticks = { tickMs: 20, electionTicks: 15 };
export const failoverServerFlags: readonly string[] = [
  ...['--tick-ms', String(ticks.tickMs)],
  ...['--election-ticks', String(ticks.electionTicks)],
];
const electionTimeoutMaxMs = 2 * ticks.electionTicks * ticks.tickMs;
const goalTimeouts = 3;
const goalShare = 0.95;
const caughtUpEntries = 2000;
const caughtUpMsMax = 60_000;

export async function measureFailover(
  flags: BenchFlags,
  system: BenchSystem,
  context: { readonly program: LoadProgram; readonly say: (line: string) => void },
): Promise<FailoverReport> {
  const cluster = await BenchCluster.start(system, flags.folder);
  const load = new FailoverLoad(context.program, {
    store: system.store,
    endpoints: cluster.addresses,
    workload: 'write',
    clients: flags.clients,
    keys: flags.keys,
    valueBytes: flags.valueBytes,
    seed: flags.seed,
  });
  const random = createRandom(flags.seed);
  const comebacks: Comeback[] = [];
  try {
    while (comebacks.length < flags.tries) {
      // At any moment between two heartbeats.
      await delay(200 + random() * 500);
      const leader = await cluster.findLeader();
      comebacks.push(await load.kill(cluster.pid(leader), cluster.address(leader)));
      await cluster.gone(leader);
      cluster.startNode(leader);
      await waitUntilCaughtUp(cluster, leader);
      if (comebacks.length % 10 === 0) context.say(`${comebacks.length} of ${flags.tries}`);
    }
  } finally {
    load.stop();
    await cluster.tearDown();
  }
  return { electionTimeoutMaxMs, clients: flags.clients, seed: flags.seed, comebacks };
}

/** The next kill is to find three nodes that take part, or it would measure a restart. */
async function waitUntilCaughtUp(cluster: BenchCluster, position: number): Promise<void> {
  const endMs = performance.now() + caughtUpMsMax;
  while (performance.now() < endMs) {
    const leader = await cluster.findLeader();
    try {
      const theirs = (await askInfo(cluster.address(leader))).get('commit_index');
      const own = (await askInfo(cluster.address(position))).get('applied_index');
      if (Number(own) > Number(theirs) - caughtUpEntries) return;
    } catch {
      // It does not listen yet.
    }
    await delay(50);
  }
  const seconds = caughtUpMsMax / 1000;
  throw new Error(`${nodeNames[position]} does not catch up in ${seconds} s after its restart`);
}

/** Small and repeatable: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function describeFailover(report: FailoverReport): readonly string[] {
  const { comebacks, clients, seed } = report;
  const unit = report.electionTimeoutMaxMs;
  const all = comebacks.map(({ msUntilOk }) => msUntilOk ?? Number.POSITIVE_INFINITY);
  const share = all.filter((ms) => ms <= goalTimeouts * unit).length / all.length;
  const writes = median(comebacks.map(({ writesBefore }) => writesBefore));
  const told = (ms: number) => `${ms.toFixed(0)} ms = ${(ms / unit).toFixed(2)}`;
  return [
    `${all.length} kills of the leader, ${clients} writers (a median of ${writes.toFixed(0)} ` +
      `writes answered between two kills); seed ${seed}`,
    `until a write is answered again, in ms and in longest election timeouts (${unit} ms):`,
    `  median ${told(median(all))}   p95 ${told(quantile(all, 0.95))}   ` +
      `max ${told(Math.max(...all))}`,
    `within ${goalTimeouts}: ${(share * 100).toFixed(0)} %  ` +
      `(goal: ${goalShare * 100} %${share >= goalShare ? '' : ', missed'})`,
  ];
}
