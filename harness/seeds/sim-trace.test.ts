import { expect, test } from 'vitest';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { messageFates, messageKinds } from '../report/space-time-data.ts';
import { pause } from '../run/introspect.ts';
import { SimTrace } from './sim-trace.ts';
import { messageTypes } from './sim-trace-message.ts';

const nodes = ['n1', 'n2', 'n3'];

interface Traced {
  readonly cluster: SimulatedCluster;
  readonly drawn: ReturnType<SimTrace['drawn']>;
  readonly endUs: number;
}

/** Two virtual seconds: a node is killed and comes back, a link is cut. */
async function traced(isWatched: boolean): Promise<Traced> {
  const trace = new SimTrace(nodes);
  const cluster = createSimulatedCluster({
    ...{ seed: 7, nodes, dropProbability: 0.05, duplicateProbability: 0.05 },
    replayProbability: 0.05,
    onTraceEvent: (event) => trace.event(event),
  });
  if (isWatched) cluster.observeMessages((end) => trace.message(end));
  await cluster.run(async () => {
    await Promise.all(nodes.map((node) => cluster.start(node)));
    await pause(cluster.timers, 500);
    await cluster.kill('n2');
    await pause(cluster.timers, 500);
    await cluster.start('n2');
    await cluster.network.set([{ from: 'n1', to: 'n3', mode: { type: 'drop' } }]);
    await pause(cluster.timers, 1000);
  });
  const endUs = Math.round(cluster.timers.nowNs() / 1000);
  const drawn = trace.drawn(endUs, (node) => cluster.logLines(node));
  return { cluster, drawn, endUs };
}

test('each message is kept once, with what became of it, as the network has counted', async () => {
  const { cluster, drawn, endUs } = await traced(true);
  const { messages } = drawn;
  const counts = cluster.messageCounts();
  const countOf = (place: number, word: number) =>
    messages.filter((row) => row[place] === word).length;
  const replayed = messages.filter(
    (row) => row[5] === 0 && row[6] === messageKinds.indexOf('replay'),
  );
  expect(replayed).toHaveLength(counts.replayed);
  expect(counts.replayed).toBeGreaterThan(0);
  for (const fate of messageFates) {
    const all = countOf(5, messageFates.indexOf(fate));
    expect(all - (fate === 'delivered' ? counts.replayed : 0), fate).toBe(counts[fate]);
  }
  expect(counts.cut).toBeGreaterThan(0);
  expect(countOf(6, messageKinds.indexOf('copy'))).toBeGreaterThan(0);
  for (const [sentUs = -1, lastsUs = -1, from, to, type = -1] of messages) {
    expect(sentUs).toBeGreaterThan(0);
    expect(lastsUs).toBeGreaterThanOrEqual(0);
    expect(sentUs + lastsUs).toBeLessThanOrEqual(endUs);
    expect(from).not.toBe(to);
    expect(messageTypes[type]).toBeDefined();
  }
  const groups = new Set(messages.map((row) => messageTypes[row[4] ?? -1]?.group));
  expect([...groups]).toEqual(expect.arrayContaining(['append', 'heartbeat', 'vote', 'pre-vote']));
});

test('a node is down from its end to its next life, and has no role meanwhile', async () => {
  const { drawn } = await traced(true);
  expect(drawn.downs.map(([node, , , words]) => [node, words])).toEqual([[1, 'is killed']]);
  const [[, fromUs, toUs] = [0, 0, 0]] = drawn.downs;
  expect(toUs - fromUs).toBeGreaterThan(450_000);
  const meanwhile = drawn.roles.filter(
    ([node, from, to]) => node === 1 && from < toUs && to > fromUs,
  );
  expect(meanwhile).toEqual([]);
  expect(drawn.roles.some(([, , , role]) => role === 'leader')).toBe(true);
  expect(drawn.progress.length).toBeGreaterThan(0);
});

test('who watches changes nothing', async () => {
  const [watched, alone] = [await traced(true), await traced(false)];
  expect(watched.cluster.traceHash()).toBe(alone.cluster.traceHash());
  expect(alone.drawn.messages).toEqual([]);
});
