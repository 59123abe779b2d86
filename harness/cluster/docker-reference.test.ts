/** The reference server in the docker cluster: the whole way from a client to a volume. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Completion } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import { dropRules } from '../nemesis/desired-network.ts';
import { createRealTimers } from '../run/real-timers.ts';
import { reference } from '../systems/reference.ts';
import { createDockerCluster } from './docker.ts';
import { whySkipDockerTests } from './docker-available.ts';

const sourceRoot = join(dirname(fileURLToPath(import.meta.url)), '../..');
const nodes = ['n1', 'n2', 'n3'];
const timers = createRealTimers();
const whySkip = await whySkipDockerTests();

describe.skipIf(whySkip !== null)('the reference server in containers', { timeout: 60_000 }, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await createDockerCluster({
      system: reference,
      nodes,
      runId: `test-${process.pid}-reference`,
      images: 'auto',
      sourceRoot,
    });
  }, 120_000);

  afterAll(async () => {
    await cluster?.tearDown();
  });

  /** What a node says is the leader; null while it knows none, or does not answer. */
  async function leaderSeenBy(node: string): Promise<string | null> {
    try {
      const stream = await cluster.connect(node);
      return (await reference.introspect(stream, timers))?.leader ?? null;
    } catch {
      return null;
    }
  }

  /** A leader on which all of these nodes agree. */
  async function agreedLeader(among: readonly string[]): Promise<string> {
    const seen = (): Promise<readonly (string | null)[]> =>
      Promise.all(among.map((node) => leaderSeenBy(node)));
    await expect
      .poll(async () => new Set(await seen()), { timeout: 20_000, interval: 50 })
      .toEqual(new Set([expect.any(String)]));
    const leader = (await seen())[0];
    if (leader === null || leader === undefined) throw new Error('the leader was lost again');
    return leader;
  }

  /** Asks until it is done, each time with a client that begins at this node. */
  async function untilOk(node: string, f: string, value: unknown): Promise<unknown> {
    const ask = async (): Promise<Completion> => {
      const client = reference.createClient({
        cluster,
        timers,
        object: 'register',
        followRedirects: true,
      });
      await client.open(node);
      const completion = await client.invoke({ process: 0, f, key: 'k', value }, 2000);
      client.close();
      return completion;
    };
    let completion = await ask();
    await expect
      .poll(
        async () => {
          if (completion.type !== 'ok') completion = await ask();
          return completion.type;
        },
        { timeout: 20_000, interval: 50 },
      )
      .toBe('ok');
    return completion.value;
  }

  test('elects a leader, and a write at a follower is redirected to it', async () => {
    const leader = await agreedLeader(nodes);
    const follower = nodes.find((node) => node !== leader) ?? '';
    await untilOk(follower, 'write', 1);
    expect(await untilOk(leader, 'read', null)).toBe(1);
  });

  test('elects another leader when the first is cut off, and all agree when it heals', async () => {
    const old = await agreedLeader(nodes);
    const rest = nodes.filter((node) => node !== old);
    const cut = rest.flatMap((node) => [
      { from: old, to: node },
      { from: node, to: old },
    ]);
    await cluster.network.set(dropRules(cut));
    await expect
      .poll(async () => new Set(await Promise.all(rest.map((node) => leaderSeenBy(node)))), {
        timeout: 20_000,
        interval: 50,
      })
      .toSatisfy(
        (seen: Set<string | null>) => seen.size === 1 && !seen.has(null) && !seen.has(old),
      );
    const next = (await leaderSeenBy(rest[0] ?? '')) ?? '';
    await untilOk(next, 'write', 2);
    expect((await cluster.network.read()).met.drop).toBeGreaterThan(0);
    await cluster.network.set([]);
    await agreedLeader(nodes);
    expect(await untilOk(old, 'read', null)).toBe(2);
  });

  test('keeps what it acknowledged when every node is killed', async () => {
    await untilOk('n1', 'write', 3);
    await Promise.all(nodes.map((node) => cluster.kill(node)));
    await Promise.all(nodes.map((node) => cluster.start(node)));
    await agreedLeader(nodes);
    expect(await untilOk('n2', 'read', null)).toBe(3);
  });
});
