import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { plantBug } from '../bugs/bug.ts';
import { ackBeforeQuorum } from '../bugs/commit/ack-before-quorum.ts';
import { RespConnection, type RespLost, type RespReply } from '../clients/resp-connection.ts';
import type { Link } from '../cluster.ts';
import { dropRules } from '../nemesis/desired-network.ts';
import { findLeader, pause } from '../run/introspect.ts';
import type { SimulationOptions } from '../simulation/plan.ts';
import { loadServerCode } from '../simulation/server-code.ts';
import { reference } from '../systems/reference.ts';
import { createSimulatedCluster, type SimulatedCluster } from './simulated.ts';

const three = ['n1', 'n2', 'n3'];
const five = [...three, 'n4', 'n5'];

function createCluster(seed: number, options: Partial<SimulationOptions> = {}): SimulatedCluster {
  return createSimulatedCluster({ seed, nodes: three, trapImpurity: true, ...options });
}

async function startAll(cluster: SimulatedCluster): Promise<void> {
  await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
}

/** One command on a connection of its own; `lost` when none of the answer comes in time. */
async function ask(
  cluster: SimulatedCluster,
  node: string,
  args: readonly string[],
): Promise<RespReply | RespLost> {
  let connection: RespConnection;
  try {
    connection = new RespConnection(await cluster.connect(node));
  } catch (error) {
    return { type: 'lost', reason: String(error) };
  }
  return new Promise((resolve) => {
    const cancel = cluster.timers.after(1000, () => connection.close());
    connection.call(args, (reply) => {
      cancel();
      resolve(reply);
      connection.close();
    });
  });
}

/** Asks one node after the other until one carries it out. */
async function askAny(cluster: SimulatedCluster, args: readonly string[]): Promise<RespReply> {
  for (;;) {
    for (const node of cluster.nodes) {
      const reply = await ask(cluster, node, args);
      if (reply.type !== 'lost' && reply.type !== 'error') return reply;
    }
    await pause(cluster.timers, 50);
  }
}

/** The leader that a majority of the running nodes would name. */
async function awaitLeader(
  cluster: SimulatedCluster,
  accept: (leader: string) => boolean = () => true,
): Promise<string> {
  for (;;) {
    const found = await findLeader({ cluster, system: reference, timers: cluster.timers });
    if (found !== null && accept(found.leader)) return found.leader;
    await pause(cluster.timers, 50);
  }
}

function isolate(node: string, nodes: readonly string[]): readonly Link[] {
  const others = nodes.filter((other) => other !== node);
  return others.flatMap((other) => [
    { from: node, to: other },
    { from: other, to: node },
  ]);
}

const value = (text: string | null): RespReply => ({ type: 'bulk', value: text });
const done: RespReply = { type: 'simple', value: 'OK' };

test('a leader answers SET and GET, the others GET, and for SET its address', async () => {
  const cluster = createCluster(1);
  await cluster.run(async () => {
    await startAll(cluster);
    const leader = await awaitLeader(cluster);
    expect(await ask(cluster, leader, ['SET', 'k', 'v'])).toEqual(done);
    expect(await ask(cluster, leader, ['GET', 'k'])).toEqual(value('v'));
    await pause(cluster.timers, 200);
    const other = three.find((node) => node !== leader) ?? '';
    expect(await ask(cluster, other, ['GET', 'k'])).toEqual(value('v'));
    expect(await ask(cluster, other, ['SET', 'k', 'w'])).toEqual({
      type: 'error',
      code: 'MOVED',
      message: `0 ${cluster.clientAddress(leader)}`,
    });
  });
  expect(cluster.unexpectedExits()).toEqual([]);
});

/** Writes with faults in between; everything that happened is in the hash. */
async function traceOf(seed: number): Promise<string> {
  const cluster = createCluster(seed, { nodes: five, dropProbability: 0.05 });
  const replies = await cluster.run(async () => {
    await startAll(cluster);
    const collected: unknown[] = [];
    for (let count = 0; count < 20; count++) {
      if (count === 5) await cluster.kill('n1');
      if (count === 10) await cluster.network.set(dropRules(isolate('n2', five)));
      if (count === 15) await cluster.start('n1');
      collected.push(await askAny(cluster, ['SET', 'k', String(count)]));
    }
    return collected;
  });
  return `${cluster.traceHash()} ${cluster.eventCount} ${JSON.stringify(replies)}`;
}

test('the same seed gives the same run, to the last message and log line', async () => {
  expect(await traceOf(11)).toBe(await traceOf(11));
  expect(await traceOf(11)).not.toBe(await traceOf(12));
});

test('a leader that is cut off acknowledges nothing; after the healing it follows', async () => {
  const cluster = createCluster(2);
  await cluster.run(async () => {
    await startAll(cluster);
    const first = await awaitLeader(cluster);
    expect(await ask(cluster, first, ['SET', 'k', 'before'])).toEqual(done);
    await cluster.network.set(dropRules(isolate(first, three)));
    expect(await ask(cluster, first, ['SET', 'k', 'lost'])).not.toEqual(done);
    const second = await awaitLeader(cluster, (leader) => leader !== first);
    expect(await ask(cluster, second, ['SET', 'k', 'after'])).toEqual(done);
    expect(await ask(cluster, first, ['GET', 'k'])).not.toEqual(value('before'));
    expect((await cluster.network.read()).met.drop).toBeGreaterThan(0);
    await cluster.network.set([]);
    await pause(cluster.timers, 1000);
    expect(await ask(cluster, first, ['SET', 'k', 'no'])).toMatchObject({ code: 'MOVED' });
    expect(await ask(cluster, first, ['GET', 'k'])).toEqual(value('after'));
  });
});

test('the nodes can run a copy of the server, with a bug that shows', async () => {
  const copy = await plantBug(ackBeforeQuorum, join(import.meta.dirname, '../..'));
  onTestFinished(() => copy.remove());
  const cluster = createCluster(2, { server: await loadServerCode(copy.root) });
  await cluster.run(async () => {
    await startAll(cluster);
    const leader = await awaitLeader(cluster);
    await cluster.network.set(dropRules(isolate(leader, three)));
    expect(await ask(cluster, leader, ['SET', 'k', 'lost'])).toEqual(done);
  });
});

test('what was acknowledged survives the crash of every node at once', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const cluster = createCluster(seed);
    await cluster.run(async () => {
      await startAll(cluster);
      for (let count = 0; count < 10; count++) {
        await askAny(cluster, ['SET', `k${count}`, String(count)]);
      }
      await Promise.all(three.map((node) => cluster.kill(node)));
      expect(await Promise.all(three.map((node) => cluster.nodeState(node)))).toEqual(
        three.map(() => 'stopped'),
      );
      await startAll(cluster);
      for (let count = 0; count < 10; count++) {
        const read = await askAny(cluster, ['GET', `k${count}`]);
        expect(read, `seed ${seed}`).toEqual(value(String(count)));
      }
    });
    expect(cluster.unexpectedExits()).toEqual([]);
  }
});

test('a node that stops in good order ends, and comes back with what it had', async () => {
  const cluster = createCluster(4, { nodes: ['n1'] });
  await cluster.run(async () => {
    await cluster.start('n1');
    expect(await askAny(cluster, ['SET', 'k', 'v'])).toEqual(done);
    await cluster.stop('n1');
    expect(await cluster.nodeState('n1')).toBe('stopped');
    await cluster.start('n1');
    expect(await askAny(cluster, ['GET', 'k'])).toEqual(value('v'));
  });
});

test('a leader that was frozen serves no stale read when it is resumed', async () => {
  const cluster = createCluster(5);
  await cluster.run(async () => {
    await startAll(cluster);
    const first = await awaitLeader(cluster);
    expect(await ask(cluster, first, ['SET', 'k', 'old'])).toEqual(done);
    await cluster.pause(first);
    expect(await cluster.nodeState(first)).toBe('paused');
    expect(await ask(cluster, first, ['PING'])).toMatchObject({ type: 'lost' });
    const second = await awaitLeader(cluster, (leader) => leader !== first);
    expect(await ask(cluster, second, ['SET', 'k', 'new'])).toEqual(done);
    // The read waits in the frozen node's socket: it is the first thing that the node sees.
    const read = ask(cluster, first, ['GET', 'k']);
    await pause(cluster.timers, 100);
    await cluster.resume(first);
    expect(await read).not.toEqual(value('old'));
    expect(await cluster.nodeState(first)).toBe('running');
  });
});

test('a crash at a named point ends the node there, with loss of power, as asked for', async () => {
  for (let seed = 1; seed <= 5; seed++) {
    const crashAt = [{ node: 'n1', name: 'wal.after-append-before-fsync', passage: 3 }] as const;
    const cluster = createCluster(seed, { nodes: ['n1'], crashAt });
    await cluster.run(async () => {
      await cluster.start('n1');
      const written: string[] = [];
      while ((await cluster.nodeState('n1')) === 'running') {
        const text = String(written.length);
        const reply = await ask(cluster, 'n1', ['SET', 'k', text]);
        if (reply.type === 'simple') written.push(text);
      }
      const { outstanding, passages } = cluster.crashPoints();
      expect(outstanding).toEqual([]);
      expect(passages.get('wal.after-append-before-fsync')).toBe(3);
      expect(passages.get('wal.after-fsync')).toBe(2);
      await cluster.start('n1');
      const { value: kept } = (await askAny(cluster, ['GET', 'k'])) as { value: string | null };
      // The write that was cut short may be there or not; those before it have to be.
      expect([written.at(-1) ?? null, String(written.length)]).toContain(kept);
    });
    expect(cluster.unexpectedExits()).toEqual([]);
  }
});

test('a crash is asked for while the cluster runs, too, and a stop waits for it', async () => {
  const cluster = createCluster(9);
  await cluster.run(async () => {
    await startAll(cluster);
    const leader = await awaitLeader(cluster);
    cluster.crashAt({ node: leader, name: 'raft.after-apply-before-reply', passage: 1 });
    expect(await ask(cluster, leader, ['SET', 'k', 'v'])).toMatchObject({ type: 'lost' });
    expect(await cluster.nodeState(leader)).toBe('stopped');
    expect(await askAny(cluster, ['GET', 'k'])).toEqual(value('v'));
    const next = await awaitLeader(cluster, (each) => each !== leader);
    cluster.crashAt({ node: next, name: 'transfer.before-timeout-now', passage: 1 });
    await cluster.stop(next);
    expect(await cluster.nodeState(next)).toBe('stopped');
    expect(() => cluster.crashAt({ node: 'n9', name: 'wal.after-fsync', passage: 1 })).toThrow();
  });
  expect(cluster.unexpectedExits()).toEqual([]);
});

test('a node whose disk was wiped is not let in under its old name', async () => {
  const cluster = createCluster(10);
  await cluster.run(async () => {
    await startAll(cluster);
    expect(await askAny(cluster, ['SET', 'k', 'v'])).toMatchObject(done);
    await pause(cluster.timers, 500);
    expect(() => cluster.wipe('n1')).toThrow(RangeError);
    await cluster.kill('n1');
    await cluster.kill('n2');
    cluster.wipe('n1');
    await cluster.start('n1');
    // n3 and a wiped n1 would be a majority that may have forgotten what it voted and stored.
    await pause(cluster.timers, 5000);
    expect(await ask(cluster, 'n3', ['SET', 'k', 'w'])).toMatchObject({ type: 'error' });
    await cluster.start('n2');
    expect(await askAny(cluster, ['GET', 'k'])).toEqual(value('v'));
  });
  expect(cluster.messageCounts().refused).toBeGreaterThan(0);
});

test('a node that begins without a cluster is added to one, and votes in it', async () => {
  const cluster = createCluster(12, { joiners: ['n4'] });
  await cluster.run(async () => {
    await startAll(cluster);
    const leader = await awaitLeader(cluster);
    for (let count = 0; count < 20; count++) await askAny(cluster, ['SET', 'k', String(count)]);
    const add = ['RAFT.ADD', 'n4', 'n4:7000', cluster.clientAddress('n4')];
    expect(await ask(cluster, leader, add)).toMatchObject({ type: 'simple' });
    await pause(cluster.timers, 500);
    expect(await ask(cluster, leader, ['RAFT.PROMOTE', 'n4'])).toMatchObject({ type: 'simple' });
    expect(await ask(cluster, 'n4', ['GET', 'k'])).toEqual(value('19'));
    await cluster.kill(three.find((node) => node !== leader) ?? '');
    expect(await ask(cluster, leader, ['SET', 'k', 'three of four'])).toEqual(done);
  });
  expect(cluster.unexpectedExits()).toEqual([]);
});

test('a connection ends with its node, and a node that is gone refuses the next', async () => {
  const cluster = createCluster(6);
  await cluster.run(async () => {
    await startAll(cluster);
    const stream = await cluster.connect('n1');
    const closed = new Promise<string>((resolve) => stream.onClose(resolve));
    await cluster.kill('n1');
    expect(await closed).toBe('connection reset');
    await expect(cluster.connect('n1')).rejects.toThrow('connection refused');
  });
});

test('a server that ends by itself is seen, and its start is refused with the reason', async () => {
  const cluster = createCluster(7, { heartbeatTicks: 0 });
  await cluster.run(async () => {
    await expect(cluster.start('n1')).rejects.toThrow('it ended by itself');
    expect(await cluster.nodeState('n1')).toBe('stopped');
  });
  expect(cluster.unexpectedExits()).toMatchObject([{ node: 'n1', life: 1 }]);
});

test('the log of each node lands in a folder of its own, stamped with virtual time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-simulated-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const cluster = createCluster(8);
  await cluster.run(async () => {
    await startAll(cluster);
    await awaitLeader(cluster);
    await cluster.collectLogs(folder);
  });
  for (const node of three) {
    const lines = readFileSync(join(folder, node, 'server.log'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ node, timeMs: expect.any(Number) });
    }
  }
});
