/**
 * Many seeds, each a small cluster whose messages are lost and whose nodes crash.
 *
 * One client writes each key, so that a look at the end tells whether a write was lost: the key
 * holds the last acknowledged value, or one whose fate nobody knows. Every failure names its seed.
 */
import { expect, test } from 'vitest';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { pause } from '../run/introspect.ts';
import {
  createRandomStream,
  type RandomSource,
  randomInteger,
  randomItem,
  randomShuffle,
} from '../run/random.ts';
import { reference } from '../systems/reference.ts';

const keys = ['a', 'b', 'c', 'd'];
const workloadMs = 2000;

interface Writer {
  readonly key: string;
  acknowledged: number | null;
  acknowledgedCount: number;
  /** Values of writes that may or may not have happened, or may yet. */
  readonly uncertain: Set<number>;
}

async function write(cluster: SimulatedCluster, writer: Writer, home: string): Promise<void> {
  const { timers } = cluster;
  let client = reference.createClient({ cluster, timers, followRedirects: true });
  await client.open(home);
  for (let value = 1; timers.nowNs() < workloadMs * 1e6; value++) {
    const invocation = { process: 0, f: 'write', key: writer.key, value };
    const { type } = await client.invoke(invocation, 300);
    if (type === 'ok') {
      writer.acknowledged = value;
      writer.acknowledgedCount++;
    }
    if (type === 'info') {
      writer.uncertain.add(value);
      client.close();
      client = reference.createClient({ cluster, timers, followRedirects: true });
      await client.open(home);
    }
    await pause(timers, type === 'ok' ? 2 : 20);
  }
  client.close();
}

async function disturb(cluster: SimulatedCluster, random: RandomSource): Promise<void> {
  const { nodes, timers } = cluster;
  while (timers.nowNs() < workloadMs * 1e6) {
    await pause(timers, 100 + randomInteger(random, 500));
    const count = 1 + randomInteger(random, nodes.length);
    const chosen = randomShuffle(random, nodes).slice(0, count);
    const fault = randomItem(random, ['kill', 'kill', 'partition', 'pause']);
    for (const node of chosen) {
      if (fault === 'kill') await cluster.kill(node);
      if (fault === 'pause') await cluster.pause(node);
    }
    if (fault === 'partition') {
      const others = nodes.filter((node) => !chosen.includes(node));
      await cluster.network.set(
        chosen.flatMap((from) =>
          others.flatMap((to) => [
            { from, to },
            { from: to, to: from },
          ]),
        ),
      );
    }
    await pause(timers, randomInteger(random, 800));
    await repair(cluster);
  }
}

async function repair(cluster: SimulatedCluster): Promise<void> {
  await cluster.network.set([]);
  await Promise.all(
    cluster.nodes.map(async (node) => {
      const state = await cluster.nodeState(node);
      if (state === 'paused') await cluster.resume(node);
      if (state === 'stopped') await cluster.start(node);
    }),
  );
}

async function readFinally(cluster: SimulatedCluster, key: string): Promise<unknown> {
  const { timers } = cluster;
  for (;;) {
    const client = reference.createClient({ cluster, timers, followRedirects: true });
    await client.open('n1');
    const { type, value } = await client.invoke({ process: 0, f: 'read', key, value: null }, 500);
    client.close();
    if (type === 'ok') return value;
    await pause(timers, 50);
  }
}

async function runSeed(seed: number): Promise<number> {
  const random = createRandomStream(seed, 'smoke');
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].slice(0, randomItem(random, [1, 3, 5]));
  const cluster = createSimulatedCluster({
    seed,
    nodes,
    dropProbability: randomItem(random, [0, 0.02, 0.1]),
    duplicateProbability: randomItem(random, [0, 0.05]),
    virtualTimeLimitMs: 60_000,
  });
  const writers = keys.map((key): Writer => {
    return { key, acknowledged: null, acknowledgedCount: 0, uncertain: new Set() };
  });
  await cluster.run(async () => {
    await Promise.all(nodes.map((node) => cluster.start(node)));
    await Promise.all([
      disturb(cluster, random),
      ...writers.map((writer, index) => write(cluster, writer, nodes[index % nodes.length] ?? '')),
    ]);
    await repair(cluster);
    for (const { key, acknowledged, uncertain } of writers) {
      const read = await readFinally(cluster, key);
      const isExplained = read === acknowledged || uncertain.has(Number(read));
      expect(isExplained, `seed ${seed}: key ${key} is ${read}, not ${acknowledged}`).toBe(true);
    }
  });
  expect(cluster.unexpectedExits(), `seed ${seed}`).toEqual([]);
  return writers.reduce((sum, writer) => sum + writer.acknowledgedCount, 0);
}

test('no seed of a hundred loses an acknowledged write', async () => {
  let acknowledgedCount = 0;
  for (let seed = 1; seed <= 100; seed++) acknowledgedCount += await runSeed(seed);
  expect(acknowledgedCount).toBeGreaterThan(10_000);
}, 60_000);
