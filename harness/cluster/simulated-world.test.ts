/** What the numbers of the world do to the nodes of a simulation. */
import { expect, test } from 'vitest';
import { RespConnection } from '../clients/resp-connection.ts';
import { createRandomStream } from '../run/random.ts';
import type { CrashAt } from '../simulation/crash-plan.ts';
import { drawSlowness } from '../simulation/node-pace.ts';
import type { SimulationOptions } from '../simulation/plan.ts';
import { createSimulatedCluster, type SimulatedCluster } from './simulated.ts';

const three = ['n1', 'n2', 'n3'];

async function tell(
  options: Partial<SimulationOptions>,
  story: (cluster: SimulatedCluster) => Promise<void>,
): Promise<SimulatedCluster> {
  const cluster = createSimulatedCluster({ seed: 1, nodes: three, trapImpurity: true, ...options });
  await cluster.run(async () => {
    await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
    await story(cluster);
  });
  return cluster;
}

test('a crash that leaves the power on loses nothing, until the power goes', async () => {
  const lost = { 0: 0, 1: 0 };
  for (let seed = 0; seed < 12; seed++) {
    for (const powerProbability of [0, 1] as const) {
      await tell({ seed, powerProbability }, async (cluster) => {
        await cluster.kill('n1');
        const sizes = [...cluster.disk('n1').sizes];
        const { lost: told } = await cluster.disks.powerLoss(['n1']);
        if (JSON.stringify(told).includes('"changesLost":0')) return;
        lost[powerProbability]++;
        expect(sizes.length, 'it was there').toBeGreaterThan(0);
      });
    }
  }
  expect(lost[0]).toBeGreaterThan(0);
  expect(lost[1]).toBe(0);
});

test('a node ends at the step that was named, and at no other', async () => {
  const ends: number[] = [];
  for (let steps = 1; steps <= 12; steps++) {
    const cluster = await tell({}, async (running) => {
      await running.endAtStep('n1', steps);
      await running.endAtStep('n2', 5);
      await running.endAtStep('n2', null);
      while ((await running.nodeState('n1')) !== 'stopped') {
        await new Promise<void>((resolve) => running.timers.after(1, resolve));
      }
      ends.push(running.timers.nowNs());
      expect(await running.nodeState('n2')).toBe('running');
      await running.start('n1');
      await new Promise<void>((resolve) => running.timers.after(500, resolve));
      expect(await running.nodeState('n1'), 'once').toBe('running');
    });
    expect(cluster.unexpectedExits()).toEqual([]);
  }
  expect(ends).toEqual([...ends].sort((a, b) => a - b));
  expect(new Set(ends).size).toBeGreaterThan(2);
});

test('nodes are fast and slow, within their factor; their heartbeats show it', async () => {
  const factors = Array.from({ length: 200 }, (_, seed) =>
    drawSlowness(1, createRandomStream(seed, 'pace')),
  );
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5);
  expect(Math.min(...factors)).toBeLessThan(0.6);
  expect(Math.max(...factors)).toBeGreaterThan(1.8);
  expect(drawSlowness(0, Math.random)).toBe(1);
  const sent: number[] = [];
  for (const pace of [0, 9]) {
    for (let seed = 0; seed < 6; seed++) {
      const cluster = await tell({ seed, pace }, async ({ timers }) => {
        await new Promise<void>((resolve) => timers.after(5000, resolve));
      });
      sent.push(cluster.messageCounts().sent);
    }
  }
  const spread = (counts: readonly number[]): number => Math.max(...counts) / Math.min(...counts);
  expect(spread(sent.slice(6))).toBeGreaterThan(2 * spread(sent.slice(0, 6)));
});

/** How often points were passed until a node that lacked all of it had the snapshot. */
async function passagesOf(
  sizes: NonNullable<SimulationOptions['sizes']>,
  points: readonly CrashAt['name'][],
): Promise<readonly number[]> {
  const cluster = await tell(
    { snapshotEntries: 20, trailingEntries: 0, sizes },
    async (running) => {
      await running.kill('n1');
      const connections = await Promise.all(
        ['n2', 'n3'].map(async (node) => new RespConnection(await running.connect(node))),
      );
      for (let key = 0; key < 200; key++) {
        for (const connection of connections) connection.call(['SET', `k${key}`, 'v'], () => {});
        await new Promise<void>((resolve) => running.timers.after(10, resolve));
      }
      await running.start('n1');
      await new Promise<void>((resolve) => running.timers.after(3000, resolve));
    },
  );
  return points.map((point) => cluster.crashPoints().passages.get(point) ?? 0);
}

test('small sizes make many pieces and many chunks of a snapshot', async () => {
  const points = ['snapshot.during-write', 'snapshot.after-chunk'] as const;
  const [pieces = 0, chunks = 0] = await passagesOf({}, points);
  expect(chunks).toBeGreaterThan(0);
  const [manyPieces, manyChunks] = await passagesOf({ chunkBytes: 100, pieceItems: 1 }, points);
  expect(manyPieces).toBeGreaterThan(5 * pieces);
  expect(manyChunks).toBeGreaterThan(5 * chunks);
});
