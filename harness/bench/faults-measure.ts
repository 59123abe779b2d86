/**
 * Measures one kind of cluster: how fast it comes and goes, and how fast faults begin and end.
 *
 * Nodes that are cut and killed are those of the conformance suite (testdata/ping), which tell what
 * they hear; the clusters from nothing run the reference server.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RespConnection, type RespReply } from '../clients/resp-connection.ts';
import { createDockerCluster } from '../cluster/docker.ts';
import { pingSourceRoot, pingSystem } from '../cluster/ping-system.ts';
import { createProcessCluster } from '../cluster/process.ts';
import type { Ability, Cluster, LinkRule } from '../cluster.ts';
import { reference } from '../systems/reference.ts';
import type { System } from '../systems/system.ts';
import type { FaultFlags, MeasuredCluster } from './faults-flags.ts';

/** All in milliseconds, one for each time. */
export interface FaultTimes {
  /** From the decision to the answer that the rules are in force. */
  readonly cutMs: readonly number[];
  /** What reading them back takes, after that. */
  readonly readBackMs: readonly number[];
  readonly healMs: readonly number[];
  /** From the healing to the first message that passes. */
  readonly exchangeMs: readonly number[];
  /** From the moment at which a line is seen to the end of the process. */
  readonly killMs: readonly number[];
  /** From nothing to a first acknowledged write. */
  readonly upMs: readonly number[];
  readonly downMs: readonly number[];
}

const ownRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export async function measureFaults(
  kind: MeasuredCluster,
  flags: FaultFlags,
  say: (line: string) => void,
): Promise<FaultTimes> {
  const nodes = Array.from({ length: flags.nodes }, (_, at) => `n${at + 1}`);
  const [upMs, downMs]: [number[], number[]] = [[], []];
  // The first one makes images and compiles; it counts not.
  for (let round = 0; round <= flags.rounds; round++) {
    say(`${kind}: ${round === 0 ? 'warm-up' : `${round} of ${flags.rounds} from nothing`}`);
    const [up, down] = await measureLife(kind, nodes);
    if (round === 0) continue;
    upMs.push(up);
    downMs.push(down);
  }
  const cluster = await create(kind, { system: pingSystem, sourceRoot: pingSourceRoot, nodes });
  try {
    say(`${kind}: ${flags.partitions} partitions`);
    const cuts = await measurePartitions(cluster, flags.partitions);
    say(`${kind}: ${flags.kills} kills`);
    const killMs = await measureKills(cluster, flags.kills);
    return { ...cuts, killMs, upMs, downMs };
  } finally {
    await cluster.tearDown();
  }
}

interface Wanted {
  readonly system: System;
  readonly sourceRoot: string;
  readonly nodes: readonly string[];
}

function create(kind: MeasuredCluster, wanted: Wanted): Promise<Cluster> {
  const prepare: ReadonlySet<Ability> = new Set(['drop', 'log-lines']);
  if (kind !== 'docker') return createProcessCluster({ ...wanted, prepare, network: kind });
  const runId = `bench-${process.pid}-${process.hrtime.bigint()}`;
  return createDockerCluster({ ...wanted, prepare, runId, images: 'auto' });
}

async function measureLife(
  kind: MeasuredCluster,
  nodes: readonly string[],
): Promise<readonly [number, number]> {
  const startMs = performance.now();
  const cluster = await create(kind, { system: reference, sourceRoot: ownRoot, nodes });
  const upMs = await untilWritten(cluster).then(
    () => performance.now() - startMs,
    (error: unknown) => error,
  );
  const downMs = await timed(() => cluster.tearDown());
  if (typeof upMs !== 'number') throw upMs;
  return [upMs, downMs];
}

/** Whoever leads takes it; the others refuse. */
async function untilWritten(cluster: Cluster): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (performance.now() < endMs) {
    for (const node of cluster.nodes) {
      const reply = await ask(cluster, node, ['SET', 'bench', '1']);
      if (reply.type === 'simple') return;
    }
  }
  throw new Error('no node has acknowledged a write in 20 s');
}

type Answer = RespReply | { readonly type: 'lost' };

async function ask(cluster: Cluster, node: string, words: readonly string[]): Promise<Answer> {
  const connection = new RespConnection(await cluster.connect(node));
  const reply = await new Promise<Answer>((resolve) => connection.call(words, resolve));
  connection.close();
  return reply;
}

type Cuts = Pick<FaultTimes, 'cutMs' | 'readBackMs' | 'healMs' | 'exchangeMs'>;

async function measurePartitions(cluster: Cluster, count: number): Promise<Cuts> {
  const [cutMs, readBackMs, healMs, exchangeMs] = [[], [], [], []] as [
    number[],
    number[],
    number[],
    number[],
  ];
  const [first = '', second = ''] = cluster.nodes;
  const rules = isolate(first, cluster.nodes);
  const connection = new RespConnection(await cluster.connect(second));
  const heard = async (): Promise<number> => {
    const reply = await new Promise<Answer>((resolve) =>
      connection.call(['HEARD', first], resolve),
    );
    if (reply.type !== 'integer') throw new Error(`${second} answers with ${reply.type}`);
    return reply.value;
  };
  for (let at = 0; at < count; at++) {
    cutMs.push(await timed(() => cluster.network.set(rules)));
    readBackMs.push(await timed(() => cluster.network.read()));
    // What was under way has arrived; what is lost now comes again after the least that TCP waits.
    await delay(50);
    const before = await heard();
    healMs.push(await timed(() => cluster.network.set([])));
    exchangeMs.push(
      await timed(async () => {
        while ((await heard()) === before);
      }),
    );
  }
  connection.close();
  return { cutMs, readBackMs, healMs, exchangeMs };
}

function isolate(node: string, nodes: readonly string[]): readonly LinkRule[] {
  const mode = { type: 'drop' } as const;
  return nodes
    .filter((other) => other !== node)
    .flatMap((other) => [
      { from: node, to: other, mode },
      { from: other, to: node, mode },
    ]);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

async function measureKills(cluster: Cluster, count: number): Promise<readonly number[]> {
  const [node = ''] = cluster.nodes;
  const killMs: number[] = [];
  for (let at = 0; at < count; at++) {
    const pid = await cluster.processId(node);
    if (pid === null) throw new Error(`${node} has no process id`);
    const seen = Promise.withResolvers<number>();
    const stop = cluster.onLogLine((from, line) => {
      if (from !== node || line !== 'now') return;
      const startMs = performance.now();
      const killed = cluster.kill(node);
      untilGone(pid)
        .then(() => performance.now() - startMs)
        .then(async (ms) => {
          await killed;
          seen.resolve(ms);
        })
        .catch(seen.reject);
    });
    // It may be gone before it answers.
    ask(cluster, node, ['LOG', 'now']).catch(() => {});
    killMs.push(await seen.promise);
    stop();
    await cluster.start(node);
  }
  return killMs;
}

/** Dead is enough: it may wait to be buried. */
async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await nextTurn();
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !['Z', 'X'].includes(stat.slice(stat.lastIndexOf(')') + 2)[0] ?? 'X');
  } catch {
    return false;
  }
}
