/**
 * The conformance suite of clusters of real processes: what each must do, whatever it is made of.
 *
 * It runs a small server (testdata/ping) which tells what it has heard from whom and what it has
 * kept, so that a cut link, a kill and a restart are seen from inside.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RespConnection, type RespReply } from '../clients/resp-connection.ts';
import type { Cluster, Link, LinkRule } from '../cluster.ts';
import type { System } from '../systems/system.ts';
import { pingSourceRoot, pingSystem } from './ping-system.ts';

/** What a factory is given: `sourceRoot` holds the server of the suite. */
export interface ConformanceOptions {
  readonly system: System;
  readonly nodes: readonly string[];
  readonly sourceRoot: string;
  readonly traces: boolean;
}

const nodes = ['n1', 'n2', 'n3'];
const limitMs = 20_000;

/** Registers the suite. The tests of it build on each other and run in order. */
export function describeClusterConformance(
  name: string,
  create: (options: ConformanceOptions) => Promise<Cluster>,
): void {
  describe(`a cluster of ${name}`, { timeout: 30_000 }, () => {
    let created: Cluster | undefined;
    const cluster = (): Cluster => {
      if (created === undefined) throw new Error('the cluster was not created');
      return created;
    };

    beforeAll(async () => {
      created = await create({
        ...{ system: pingSystem, nodes, sourceRoot: pingSourceRoot },
        traces: true,
      });
    }, 120_000);

    afterAll(async () => {
      await created?.tearDown();
    }, 60_000);

    testLinks(cluster);
    testLives(cluster);
    testExits(cluster);
    testEnds(cluster);
  });
}

function testLinks(cluster: () => Cluster): void {
  test('is ready when it resolves: every node answers and hears every other', async () => {
    for (const node of nodes) expect(await cluster().nodeState(node)).toBe('running');
    await untilHeard(cluster(), allLinks(), 3);
    expect(await cluster().network.read()).toMatchObject({ rules: [] });
  });

  test('a cut pair of links is silent, reads back, drops packets; no other is', async () => {
    const cut = [link('n1', 'n2'), link('n2', 'n1')];
    await cluster().network.set(cut);
    await expectSilent(cluster(), cut);
    const reading = await cluster().network.read();
    expect(new Set(reading.rules.map(describeLink))).toEqual(new Set(cut.map(describeLink)));
    expect(reading.met.drop).toBeGreaterThan(0);
    await cluster().network.set([]);
    expect((await cluster().network.read()).rules).toEqual([]);
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a link cut in one direction leaves the other direction working', async () => {
    await cluster().network.set([link('n1', 'n2')]);
    await expectSilent(cluster(), [link('n1', 'n2')]);
    await cluster().network.set([]);
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a new cut takes the place of the old one', async () => {
    await cluster().network.set([link('n1', 'n2'), link('n2', 'n1')]);
    await cluster().network.set([link('n3', 'n1'), link('n1', 'n3')]);
    await expectSilent(cluster(), [link('n3', 'n1'), link('n1', 'n3')]);
    await cluster().network.set([]);
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a cut outlives the restart of a node', async () => {
    const cut = [link('n1', 'n2'), link('n2', 'n1')];
    await cluster().network.set(cut);
    await cluster().kill('n2');
    await cluster().start('n2');
    await expectSilent(cluster(), cut);
    await cluster().network.set([]);
    await untilHeard(cluster(), allLinks(), 3);
  });
}

function testLives(cluster: () => Cluster): void {
  test('a killed node is gone, and restarts with its data at the same address', async () => {
    const address = cluster().clientAddress('n1');
    expect(await ask(cluster(), 'n1', ['SET', 'k', 'kept'])).toEqual({
      type: 'simple',
      value: 'OK',
    });
    await cluster().kill('n1');
    expect(await cluster().nodeState('n1')).toBe('stopped');
    await expect(cluster().connect('n1')).rejects.toThrow();
    await cluster().kill('n1');
    await cluster().start('n1');
    expect(await cluster().nodeState('n1')).toBe('running');
    expect(cluster().clientAddress('n1')).toBe(address);
    expect(await ask(cluster(), 'n1', ['GET', 'k'])).toEqual({ type: 'bulk', value: 'kept' });
    // A restarted node counts from zero, and is where its peers look for it.
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a paused node says nothing until it is resumed', async () => {
    await cluster().pause('n3');
    expect(await cluster().nodeState('n3')).toBe('paused');
    await expectSilent(cluster(), [link('n3', 'n1'), link('n3', 'n2')], ['n3']);
    await cluster().resume('n3');
    expect(await cluster().nodeState('n3')).toBe('running');
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a paused node can be killed', async () => {
    await cluster().pause('n3');
    await cluster().kill('n3');
    expect(await cluster().nodeState('n3')).toBe('stopped');
    await cluster().start('n3');
    await untilHeard(cluster(), allLinks(), 1);
  });

  test('a node that is stopped ends in good order and starts again', async () => {
    await cluster().stop('n2');
    expect(await cluster().nodeState('n2')).toBe('stopped');
    await cluster().start('n2');
    expect(await cluster().nodeState('n2')).toBe('running');
  });
}

function testExits(cluster: () => Cluster): void {
  test('a node that ends by itself is told apart from all that were ended', async () => {
    expect(cluster().unexpectedExits()).toEqual([]);
    await ask(cluster(), 'n2', ['EXIT']);
    await vi.waitFor(
      () => {
        const exits = cluster().unexpectedExits();
        expect(exits).toMatchObject([{ node: 'n2', reason: expect.stringContaining('code 3') }]);
      },
      { timeout: 10_000 },
    );
    await cluster().start('n2');
    await cluster().kill('n2');
    await cluster().start('n2');
    expect(cluster().unexpectedExits()).toHaveLength(1);
  });
}

function testEnds(cluster: () => Cluster): void {
  test('the logs and the traces hold every incarnation of a node', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rafture-logs-'));
    try {
      await cluster().collectLogs(folder);
      const log = await readFile(join(folder, 'n1/server.log'), 'utf8');
      expect(log.trim().split('\n')).toEqual([
        'n1 started with 0 values',
        'n1 started with 1 values',
      ]);
      const trace = await readFile(join(folder, 'n1/trace.jsonl'), 'utf8');
      const started = '{"node":"n1","event":"started"}\n';
      expect(trace).toBe(started + started);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is torn down twice without complaint, and then nobody listens', async () => {
    await cluster().tearDown();
    await cluster().tearDown();
    for (const node of nodes) await expect(cluster().connect(node)).rejects.toThrow();
  });
}

function link(from: string, to: string): LinkRule {
  return { from, to, mode: { type: 'drop' } };
}

function describeLink({ from, to }: Link): string {
  return `${from}>${to}`;
}

function allLinks(): readonly Link[] {
  return nodes.flatMap((from) => nodes.filter((to) => to !== from).map((to) => ({ from, to })));
}

/** One command on a connection of its own. */
async function ask(
  cluster: Cluster,
  node: string,
  command: readonly string[],
): Promise<RespReply | { readonly type: 'lost' }> {
  const connection = new RespConnection(await cluster.connect(node));
  return new Promise((resolve) => {
    const timer = setTimeout(() => connection.close(), 5000);
    connection.call(command, (reply) => {
      clearTimeout(timer);
      connection.close();
      resolve(reply);
    });
  });
}

/** How many messages the node at the end of the link has had from its beginning. */
async function heard(cluster: Cluster, { from, to }: Link): Promise<number> {
  const reply = await ask(cluster, to, ['HEARD', from]);
  if (reply.type !== 'integer') throw new Error(`${to} answers HEARD with ${reply.type}`);
  return reply.value;
}

/** Waits until on each of the links `count` more messages have arrived than at first. */
async function untilHeard(cluster: Cluster, links: readonly Link[], count: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  const before = await Promise.all(links.map((each) => heard(cluster, each)));
  for (;;) {
    const now = await Promise.all(links.map((each) => heard(cluster, each)));
    const silent = links.filter((_, index) => (now[index] ?? 0) < (before[index] ?? 0) + count);
    if (silent.length === 0) return;
    if (Date.now() > deadline) {
      throw new Error(`nothing is heard on ${silent.map(describeLink).join(', ')}`);
    }
  }
}

/** These links carry nothing while every other link carries on. */
async function expectSilent(
  cluster: Cluster,
  silent: readonly Link[],
  exceptTo: readonly string[] = [],
): Promise<void> {
  const names = new Set(silent.map(describeLink));
  const others = allLinks().filter(
    (each) => !names.has(describeLink(each)) && !exceptTo.includes(each.to),
  );
  // What was on its way when the cut came may still arrive, ahead of these.
  await untilHeard(cluster, others, 5);
  const before = await Promise.all(silent.map((each) => heard(cluster, each)));
  await untilHeard(cluster, others, 30);
  const after = await Promise.all(silent.map((each) => heard(cluster, each)));
  expect(after).toEqual(before);
}
