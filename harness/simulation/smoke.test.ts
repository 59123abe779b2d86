/**
 * Many seeds, each a small cluster in a bad world: messages are lost, nodes crash, also at named
 * points of their code, freeze and are cut off; snapshots are taken and logs cut all the while.
 *
 * Each run is judged twice: what clients saw by the checker, what nodes told by the referee. Every
 * failure names its seed.
 */

import { expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import { createChecker } from '../../checker/linearizable.ts';
import { findModel } from '../../checker/models/registry.ts';
import { pairHistory } from '../../checker/pairing.ts';
import { crashPoints } from '../../server/crash-points.ts';
import type { Client, Invocation } from '../client.ts';
import { RespConnection } from '../clients/resp-connection.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { dropRules } from '../nemesis/desired-network.ts';
import { pause } from '../run/introspect.ts';
import {
  createRandomStream,
  type RandomSource,
  randomInteger,
  randomItem,
  randomShuffle,
} from '../run/random.ts';
import { reference } from '../systems/reference.ts';
import type { CrashAt } from './crash-plan.ts';
import type { NodeTraceEvent } from './plan.ts';
import { Referee } from './referee.ts';

const keys = ['a', 'b', 'c', 'd'];
const workloadMs = 2000;
const pointNames = Object.keys(crashPoints) as (keyof typeof crashPoints)[];

/** What a run was worth. */
const seen = {
  acknowledged: 0,
  followerReads: 0,
  crashesAtPoints: 0,
  events: new Map<string, number>(),
  passages: new Map<string, number>(),
};

class Run {
  readonly seed: number;
  readonly random: RandomSource;
  readonly nodes: readonly string[];
  readonly cluster: SimulatedCluster;
  readonly referee = new Referee();
  readonly crashAt: readonly CrashAt[];
  readonly #ops: Op[] = [];
  readonly #roles = new Map<string, string>();
  #processCount = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = createRandomStream(seed, 'smoke');
    this.nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].slice(0, randomItem(this.random, [1, 3, 5]));
    this.crashAt = Array.from({ length: randomInteger(this.random, 4) }, () => ({
      node: randomItem(this.random, this.nodes),
      name: randomItem(this.random, pointNames),
      passage: 1 + randomInteger(this.random, 5),
    }));
    this.cluster = createSimulatedCluster({
      seed,
      nodes: this.nodes,
      dropProbability: randomItem(this.random, [0, 0.02, 0.1]),
      duplicateProbability: randomItem(this.random, [0, 0.05]),
      crashAt: this.crashAt,
      onTraceEvent: (event) => this.#watch(event),
      virtualTimeLimitMs: 60_000,
    });
  }

  get isOver(): boolean {
    return this.cluster.timers.nowNs() >= workloadMs * 1e6;
  }

  /** One operation at a time, recorded as a history has it; a process ends with what is unknown. */
  async client(home: string, next: () => Invocation, isDone: () => boolean): Promise<void> {
    const { cluster } = this;
    const { timers } = cluster;
    let process = this.#processCount++;
    let client = await this.#open(home);
    while (!isDone()) {
      const invocation = { ...next(), process };
      this.#record({ ...invocation, type: 'invoke' });
      const { type, value, node } = await client.invoke(invocation, 300);
      this.#record({ ...invocation, type, value: type === 'ok' ? value : invocation.value });
      if (type === 'ok') seen.acknowledged++;
      const isFollower = this.#roles.get(node ?? '') === 'follower';
      if (type === 'ok' && invocation.f === 'read' && isFollower) seen.followerReads++;
      if (type === 'info') {
        process = this.#processCount++;
        client.close();
        client = await this.#open(home);
      }
      await pause(timers, type === 'ok' ? 2 : 20);
    }
    client.close();
  }

  /** What the clients saw, as the checker has it; what the nodes told, as the referee has it. */
  judge(): void {
    const { columns, failed } = pairHistory(this.#ops);
    const model = findModel('register');
    if (model === undefined) throw new Error('there is no model of a register');
    const checker = createChecker({ columns, failed, model });
    let verdict = checker.step(100_000);
    while (verdict === null) verdict = checker.step(100_000);
    expect(verdict, `seed ${this.seed}`).toMatchObject({ valid: true });
    expect(this.referee.violations, `seed ${this.seed}`).toEqual([]);
    expect(this.cluster.unexpectedExits(), `seed ${this.seed}`).toEqual([]);
    const { outstanding, passages } = this.cluster.crashPoints();
    seen.crashesAtPoints += this.crashAt.length - outstanding.length;
    addAll(seen.events, this.referee.counts.events);
    addAll(seen.passages, passages);
  }

  async #open(home: string): Promise<Client> {
    const { cluster } = this;
    const followRedirects = true;
    const client = reference.createClient({
      cluster,
      timers: cluster.timers,
      object: 'register',
      followRedirects,
    });
    await client.open(home);
    return client;
  }

  #record(op: Omit<Op, 'index' | 'timeNs'>): void {
    this.#ops.push({ ...op, index: this.#ops.length, timeNs: this.cluster.timers.nowNs() });
  }

  #watch(event: NodeTraceEvent): void {
    if (event.told.event === 'status') this.#roles.set(event.node, event.told.role);
    this.referee.observe(event);
  }
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}

async function disturb({ cluster, random, nodes }: Run, isOver: () => boolean): Promise<void> {
  const { timers } = cluster;
  while (!isOver()) {
    await pause(timers, 100 + randomInteger(random, 500));
    const count = 1 + randomInteger(random, nodes.length);
    const chosen = randomShuffle(random, nodes).slice(0, count);
    const fault = randomItem(random, ['kill', 'kill', 'stop', 'partition', 'pause']);
    for (const node of chosen) {
      if (fault === 'kill') await cluster.kill(node);
      if (fault === 'stop') await cluster.stop(node);
      if (fault === 'pause') await cluster.pause(node);
    }
    if (fault === 'partition') await partition(cluster, chosen);
    await pause(timers, randomInteger(random, 800));
    await repair(cluster);
  }
}

async function partition(cluster: SimulatedCluster, chosen: readonly string[]): Promise<void> {
  const others = cluster.nodes.filter((node) => !chosen.includes(node));
  await cluster.network.set(
    dropRules(
      chosen.flatMap((from) =>
        others.flatMap((to) => [
          { from, to },
          { from: to, to: from },
        ]),
      ),
    ),
  );
}

async function repair(cluster: SimulatedCluster): Promise<void> {
  await cluster.network.set([]);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      const state = await cluster.nodeState(node);
      if (state === 'paused') await cluster.resume(node);
      // A node may crash at one of its points before it is ready.
      if (state === 'stopped') await cluster.start(node).catch(() => undefined);
    }),
  );
}

async function runSeed(seed: number): Promise<void> {
  const run = new Run(seed);
  const { cluster, nodes } = run;
  await cluster.run(async () => {
    await repair(cluster);
    let written = 0;
    const writers = keys.map((key, at) => {
      const next = (): Invocation => ({ process: 0, f: 'write', key, value: ++written });
      return run.client(nodes[at % nodes.length] ?? '', next, () => run.isOver);
    });
    const readers = nodes.map((node) => {
      const next = (): Invocation => ({
        process: 0,
        f: 'read',
        key: randomItem(run.random, keys),
        value: null,
      });
      return run.client(node, next, () => run.isOver);
    });
    await Promise.all([disturb(run, () => run.isOver), ...writers, ...readers]);
    let isRead = false;
    const reads = keys.map((key) => readUntilOk(run, key));
    const read = Promise.all(reads).then(() => {
      isRead = true;
    });
    // Again and again, because some are still to crash at a point of their code.
    while (!isRead) {
      await repair(cluster);
      await pause(cluster.timers, 50);
    }
    await read;
    // Those that have applied the same hold the same: the referee compares what they tell.
    for (const node of cluster.nodes) await askHash(cluster, node);
  });
  run.judge();
}

async function askHash(cluster: SimulatedCluster, node: string): Promise<void> {
  const stream = await cluster.connect(node).catch(() => null);
  if (stream === null) return;
  const connection = new RespConnection(stream);
  await new Promise((resolve) => {
    cluster.timers.after(500, () => connection.close());
    connection.call(['RAFT.HASH'], resolve);
  });
  connection.close();
}

/** What was acknowledged shows at the end, wherever one looks. */
async function readUntilOk(run: Run, key: string): Promise<void> {
  const before = seen.acknowledged;
  const next = (): Invocation => ({ process: 0, f: 'read', key, value: null });
  await run.client('n1', next, () => seen.acknowledged > before);
}

/** `SEEDS=201-900` looks at others; `SEEDS=17-17` repeats one. */
function chosenSeeds(): readonly number[] {
  const [from = 1, to = 200] = process.env['SEEDS']?.split('-').map(Number) ?? [];
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

test('no seed shows its clients anything wrong, or breaks a promise of Raft', async () => {
  const wrong: string[] = [];
  for (const seed of chosenSeeds()) {
    await runSeed(seed).catch((error: unknown) => {
      wrong.push(`SEEDS=${seed}-${seed}: ${error instanceof Error ? error.message : error}`);
    });
  }
  expect(wrong).toEqual([]);
}, 600_000);

test.skipIf(process.env['SEEDS'] !== undefined)('the seeds were worth something', () => {
  expect(seen.acknowledged).toBeGreaterThan(30_000);
  expect(seen.followerReads).toBeGreaterThan(3000);
  expect(seen.crashesAtPoints).toBeGreaterThan(50);
  expect(seen.events.get('persisted')).toBeGreaterThan(300);
  expect(seen.events.get('snapshot')).toBeGreaterThan(300);
  expect(seen.events.get('install')).toBeGreaterThan(20);
  expect(seen.events.get('hash')).toBeGreaterThan(300);
  for (const name of pointNames) {
    // Changes of members have a test of their own.
    if (name.startsWith('membership.')) continue;
    expect(seen.passages.get(name) ?? 0, name).toBeGreaterThan(0);
  }
});
