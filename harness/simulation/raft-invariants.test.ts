/**
 * The checker of Raft's promises beside the simulation's referee, over the events of many runs:
 * whole, with the ends of lives cut off at random, and with a planted bug in the server.
 */

import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { crashPoints } from '../../server/crash-points.ts';
import { plantBug } from '../bugs/bug.ts';
import { bugs } from '../bugs/index.ts';
import type { CheckerResult, NodeTrace } from '../checker.ts';
import { raftInvariants } from '../checkers/raft-invariants.ts';
import { traceEvents } from '../checkers/raft-invariants-lines.ts';
import { runOf } from '../checkers/raft-invariants-run.ts';
import { RespConnection, type RespLost, type RespReply } from '../clients/resp-connection.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import { dropRules } from '../nemesis/desired-network.ts';
import type { RaftEvent } from '../raft-event.ts';
import { pause } from '../run/introspect.ts';
import {
  createRandomStream,
  type RandomSource,
  randomInteger,
  randomItem,
  randomShuffle,
} from '../run/random.ts';
import { Referee } from './referee.ts';
import { loadServerCode, ownServerCode, type ServerCode } from './server-code.ts';

const runMs = 2500;
const pointNames = Object.keys(crashPoints) as (keyof typeof crashPoints)[];

interface Told {
  readonly lives: ReadonlyMap<string, RaftEvent[][]>;
  readonly referee: Referee;
}

/** Writes, kills, partitions and crashes at points of the code, and all that the nodes told. */
async function collect(seed: number, server: ServerCode = ownServerCode): Promise<Told> {
  const random = createRandomStream(seed, 'raft-invariants');
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].slice(0, randomItem(random, [1, 3, 3, 5]));
  const lives = new Map<string, RaftEvent[][]>();
  const referee = new Referee();
  const cluster = createSimulatedCluster({
    ...{ seed, nodes, server, virtualTimeLimitMs: 60_000 },
    dropProbability: randomItem(random, [0, 0.02, 0.1]),
    duplicateProbability: randomItem(random, [0, 0.05]),
    snapshotEntries: 20 + randomInteger(random, 200),
    crashAt: Array.from({ length: randomInteger(random, 4) }, () => ({
      node: randomItem(random, nodes),
      name: randomItem(random, pointNames),
      passage: 1 + randomInteger(random, 5),
    })),
    onTraceEvent: (event) => {
      referee.observe(event);
      const told = lives.get(event.node) ?? [];
      lives.set(event.node, told);
      if (event.told.event === 'start') told.push([]);
      told.at(-1)?.push(event.told);
    },
  });
  await cluster.run(async () => {
    await repair(cluster);
    const isOver = (): boolean => cluster.timers.nowNs() >= runMs * 1e6;
    await Promise.all([
      disturb(cluster, random, isOver),
      ...nodes.map((node) => write(cluster, node, isOver)),
      ...nodes.map((node) => write(cluster, node, isOver)),
    ]);
    await repair(cluster);
    await pause(cluster.timers, 1000);
    for (const node of nodes) await ask(cluster, node, ['RAFT.HASH']);
  });
  return { lives, referee };
}

async function write(cluster: SimulatedCluster, home: string, isOver: () => boolean) {
  for (let count = 0; !isOver(); count++) {
    const reply = await ask(cluster, home, ['SET', `${home}-${count % 3}`, String(count)]);
    await pause(cluster.timers, reply.type === 'simple' ? 1 : 30);
  }
}

async function ask(
  cluster: SimulatedCluster,
  node: string,
  args: readonly string[],
): Promise<RespReply | RespLost> {
  const stream = await cluster.connect(node).catch(() => null);
  if (stream === null) return { type: 'lost', reason: 'nobody listens' };
  const connection = new RespConnection(stream);
  return new Promise((resolve) => {
    const cancel = cluster.timers.after(500, () => connection.close());
    connection.call(args, (reply) => {
      cancel();
      resolve(reply);
      connection.close();
    });
  });
}

async function disturb(cluster: SimulatedCluster, random: RandomSource, isOver: () => boolean) {
  while (!isOver()) {
    await pause(cluster.timers, 50 + randomInteger(random, 300));
    const count = 1 + randomInteger(random, cluster.nodes.length);
    const chosen = randomShuffle(random, cluster.nodes).slice(0, count);
    const fault = randomItem(random, ['kill', 'kill', 'partition', 'pause']);
    const others = cluster.nodes.filter((node) => !chosen.includes(node));
    for (const node of chosen) {
      if (fault === 'kill') await cluster.kill(node);
      if (fault === 'pause') await cluster.pause(node);
    }
    if (fault === 'partition') {
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
    await pause(cluster.timers, randomInteger(random, 1200));
    await repair(cluster);
  }
}

async function repair(cluster: SimulatedCluster): Promise<void> {
  await cluster.network.set([]);
  for (const node of cluster.nodes) {
    const state = await cluster.nodeState(node);
    if (state === 'paused') await cluster.resume(node);
    if (state === 'stopped') await cluster.start(node).catch(() => undefined);
  }
}

/** As it would be read from files. */
function tracesOf(lives: ReadonlyMap<string, readonly (readonly RaftEvent[])[]>): NodeTrace[] {
  return [...lives].map(([node, told]) => ({ node, events: told.flat() }));
}

/** The end of every other life is lost, mostly a little, sometimes much or all of it. */
function truncated(lives: Told['lives'], random: RandomSource): NodeTrace[] {
  const cut = (life: readonly RaftEvent[]): readonly RaftEvent[] => {
    const lost = randomItem(random, [0, 0, 1, 2, 5, 20, life.length]);
    return life.slice(0, Math.max(0, life.length - randomInteger(random, lost + 1)));
  };
  return [...lives].map(([node, told]) => ({ node, events: told.flatMap(cut) }));
}

/** The same from files, whose lives end in half a line. */
function torn(lives: Told['lives'], random: RandomSource): NodeTrace[] {
  return [...lives].map(([node, told]) => {
    const lines = told.flatMap((life) => {
      const whole = life.map((event) => JSON.stringify({ node, ...event }));
      const last = whole.pop() ?? '';
      return [...whole, last.slice(0, randomInteger(random, last.length))];
    });
    return { node, events: traceEvents(lines) };
  });
}

async function check(traces: NodeTrace[]): Promise<CheckerResult> {
  return raftInvariants.check(runOf({ traces, whyNoTraces: null }));
}

/** `SEEDS=201-900` looks at others; `SEEDS=17-17` repeats one. */
function chosenSeeds(): readonly number[] {
  const [from = 1, to = 60] = process.env['SEEDS']?.split('-').map(Number) ?? [];
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}

test('what a server without a bug tells raises no alarm, whatever of it is lost', async () => {
  const seen = new Map<string, number>();
  let unplaced = 0;
  for (const seed of chosenSeeds()) {
    const told = await collect(seed);
    expect(told.referee.violations, `seed ${seed}`).toEqual([]);
    const whole = await check(tracesOf(told.lives));
    expect(whole, `seed ${seed}`).toMatchObject({ valid: true });
    for (const event of [...told.lives.values()].flat(2)) {
      seen.set(event.event, (seen.get(event.event) ?? 0) + 1);
    }
    const random = createRandomStream(seed, 'truncation');
    for (let round = 0; round < 10; round++) {
      const result = await check(truncated(told.lives, random));
      if (result.blind.some((sentence) => sentence.includes('of the commits'))) unplaced++;
      // A life of which not even the start is left makes the trace empty, or begins with another.
      const wrong = result.details['violations'];
      expect(wrong, `seed ${seed}, round ${round}`).toEqual([]);
    }
    expect(await check(torn(told.lives, random)), `seed ${seed}`).toMatchObject({ valid: true });
  }
  if (process.env['SEEDS'] !== undefined) return;
  // The seeds were worth something.
  expect(seen.get('start')).toBeGreaterThan(300);
  expect(seen.get('install')).toBeGreaterThan(5);
  expect(seen.get('snapshot')).toBeGreaterThan(100);
  expect(seen.get('hash')).toBeGreaterThan(100);
  expect(unplaced).toBeGreaterThan(0);
}, 600_000);

/** What the checker calls it. */
const planted: Readonly<Record<string, string>> = {
  'two-votes': 'election safety',
  'leader-truncates': 'leader append-only',
  'previous-unchecked': 'log matching',
  'behind-elected': 'leader completeness',
  'ack-before-quorum': 'leader completeness',
  'vote-forgotten': 'one vote a term',
  'lazy-log': 'durability',
  'apply-before-commit': 'apply order',
};
const seedsMax = 40;

for (const [id, promise] of Object.entries(planted)) {
  test(`the planted bug ${id} breaks ${promise}, for the referee and without it`, async () => {
    const bug = bugs.find((each) => each.id === id);
    if (bug === undefined) throw new Error(`no bug is called ${id}`);
    const copy = await plantBug(bug, join(import.meta.dirname, '../..'));
    onTestFinished(() => copy.remove());
    const server = await loadServerCode(copy.root);
    const found = new Set<string>();
    for (let seed = 1; seed <= seedsMax && !found.has(promise); seed++) {
      const told = await collect(seed, server);
      const { valid, summary } = await check(tracesOf(told.lives));
      if (valid === true) continue;
      found.add(summary.split(':')[0] ?? '');
      // Whatever is found without a common clock, the referee finds too.
      expect(told.referee.violations, `seed ${seed}`).not.toEqual([]);
    }
    expect([...found]).toContain(promise);
  }, 300_000);
}
