import { expect, test } from 'vitest';
import { RespConnection, type RespLost, type RespReply } from '../clients/resp-connection.ts';
import { clientsEnd, type LinkMode, type LinkRule } from '../cluster.ts';
import { findLeader, introspectNode, pause } from '../run/introspect.ts';
import type { SimulationOptions } from '../simulation/plan.ts';
import { reference } from '../systems/reference.ts';
import { createSimulatedCluster, type SimulatedCluster } from './simulated.ts';

const three = ['n1', 'n2', 'n3'];
const done = { type: 'simple', value: 'OK' };

type Story = (cluster: SimulatedCluster, leader: string) => Promise<void>;

/** With a leader that all know of. */
async function tell(story: Story, options: Partial<SimulationOptions> = {}): Promise<void> {
  const cluster = createSimulatedCluster({ seed: 1, nodes: three, trapImpurity: true, ...options });
  await cluster.run(async () => {
    await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
    await story(cluster, await leaderOf(cluster));
  });
  expect(cluster.unexpectedExits()).toEqual([]);
}

async function leaderOf(cluster: SimulatedCluster, not = ''): Promise<string> {
  const { timers } = cluster;
  for (;;) {
    const found = await findLeader({ cluster, system: reference, timers });
    if (found !== null && found.leader !== not) {
      if ((await ask(cluster, found.leader, ['SET', 'ready', 'yes'])).type === 'simple') {
        return found.leader;
      }
    }
    await pause(timers, 20);
  }
}

async function ask(
  cluster: SimulatedCluster,
  node: string,
  words: readonly string[],
): Promise<RespReply | RespLost> {
  try {
    const connection = new RespConnection(await cluster.connect(node));
    return await call(cluster, connection, words).finally(() => connection.close());
  } catch (error) {
    return { type: 'lost', reason: String(error) };
  }
}

function call(
  cluster: SimulatedCluster,
  connection: RespConnection,
  words: readonly string[],
): Promise<RespReply | RespLost> {
  return new Promise((resolve) => {
    const late = { type: 'lost', reason: 'late' } as const;
    const cancel = cluster.timers.after(1000, () => resolve(late));
    connection.call(words, (reply) => {
      cancel();
      resolve(reply);
    });
  });
}

function around(node: string, mode: LinkMode): readonly LinkRule[] {
  const others = three.filter((other) => other !== node);
  return others.flatMap((other) => [
    { from: node, to: other, mode },
    { from: other, to: node, mode },
  ]);
}

async function termOf(cluster: SimulatedCluster, node: string): Promise<number> {
  const { timers } = cluster;
  return (await introspectNode({ cluster, system: reference, timers }, node))?.term ?? -1;
}

const silent: readonly LinkMode[] = [{ type: 'drop' }, { type: 'hold' }, { type: 'reset' }];
for (const mode of silent) {
  test(`${mode.type}: a leader that hears nobody takes no write; undone, all go on`, () =>
    tell(async (cluster, leader) => {
      await cluster.network.set(around(leader, mode));
      expect(await ask(cluster, leader, ['SET', 'k', 'lost'])).not.toEqual(done);
      await leaderOf(cluster, leader);
      const { rules, met, metOnLinks } = await cluster.network.read();
      expect(rules).toEqual(around(leader, mode));
      expect(met[mode.type]).toBeGreaterThan(0);
      const own = metOnLinks.filter(({ from, to }) => from === leader || to === leader);
      expect(own.reduce((sum, { count }) => sum + count, 0)).toBe(met[mode.type]);
      await cluster.network.set([]);
      expect((await cluster.network.read()).rules).toEqual([]);
      await pause(cluster.timers, 1000);
      expect(await ask(cluster, leader, ['GET', 'ready'])).toMatchObject({ value: 'yes' });
    }));
}

test('a message that was held comes when it is released, and so nothing is sent twice', () =>
  tell(async (cluster, leader) => {
    const follower = three.find((node) => node !== leader) ?? '';
    const { delivered } = cluster.messageCounts();
    await cluster.network.set([{ from: leader, to: follower, mode: { type: 'hold' } }]);
    await pause(cluster.timers, 150);
    const { met } = await cluster.network.read();
    const before = cluster.messageCounts();
    expect(before.delivered).toBeGreaterThan(delivered);
    await cluster.network.set([]);
    await pause(cluster.timers, 1);
    expect(cluster.messageCounts().delivered - before.delivered).toBeGreaterThanOrEqual(
      met.hold ?? Number.NaN,
    );
    expect(cluster.messageCounts()).toMatchObject({ cut: before.cut, lost: before.lost });
  }));

const slowing: readonly LinkMode[] = [
  { type: 'delay', ms: 40, jitterMs: 10 },
  { type: 'rate', kilobitsPerS: 20 },
];
for (const mode of slowing) {
  test(`${mode.type}: a write takes longer than without it, and is done`, () =>
    tell(async (cluster, leader) => {
      const duration = async (): Promise<number> => {
        const begunNs = cluster.timers.nowNs();
        expect(await ask(cluster, leader, ['SET', 'k', 'v'.repeat(100)])).toEqual(done);
        return (cluster.timers.nowNs() - begunNs) / 1e6;
      };
      await cluster.network.set(around(leader, mode));
      expect(await duration()).toBeGreaterThan(60);
      expect((await cluster.network.read()).met[mode.type]).toBeGreaterThan(0);
      await cluster.network.set([]);
      await pause(cluster.timers, 500);
      expect(await duration()).toBeLessThan(60);
    }));
}

test('loss: about so many messages are lost, and only on that link', () =>
  tell(async (cluster, leader) => {
    const follower = three.find((node) => node !== leader) ?? '';
    await cluster.network.set([
      { from: leader, to: follower, mode: { type: 'loss', percent: 100 } },
    ]);
    await pause(cluster.timers, 2000);
    const { met, metOnLinks } = await cluster.network.read();
    expect(met.loss).toBe(cluster.messageCounts().lost);
    expect(metOnLinks).toEqual([{ from: leader, to: follower, type: 'loss', count: met.loss }]);
    await cluster.network.set([
      { from: leader, to: follower, mode: { type: 'loss', percent: 50 } },
    ]);
    const [before, lost] = [cluster.messageCounts().lost, cluster.messageCounts().delivered];
    await pause(cluster.timers, 4000);
    expect(cluster.messageCounts().lost).toBeGreaterThan(before);
    expect(cluster.messageCounts().delivered).toBeGreaterThan(lost);
  }));

test('clients that are cut off hear nothing, and the node and its peers go on', () =>
  tell(async (cluster, leader) => {
    const connection = new RespConnection(await cluster.connect(leader));
    expect(await call(cluster, connection, ['SET', 'k', 'before'])).toEqual(done);
    const term = await termOf(cluster, leader);
    const mode = { type: 'oneway' } as const;
    await cluster.network.set([{ from: leader, to: clientsEnd, mode }]);
    expect(await call(cluster, connection, ['SET', 'k', 'unheard'])).toMatchObject({
      type: 'lost',
    });
    expect(await ask(cluster, leader, ['PING'])).toMatchObject({ type: 'lost' });
    expect((await cluster.network.read()).met.oneway).toBeGreaterThan(0);
    await cluster.network.set([]);
    // The answer that was kept back comes first, as it would from TCP.
    expect(await call(cluster, connection, ['GET', 'k'])).toMatchObject({ value: 'unheard' });
    expect(await termOf(cluster, leader)).toBe(term);
  }));

test('connections of clients break where their road is reset, and none is made', () =>
  tell(async (cluster, leader) => {
    const connection = new RespConnection(await cluster.connect(leader));
    await cluster.network.set([{ from: clientsEnd, to: leader, mode: { type: 'reset' } }]);
    expect(await call(cluster, connection, ['PING'])).toMatchObject({
      reason: 'connection reset',
    });
    await expect(cluster.connect(leader)).rejects.toThrow('the link is reset');
    await cluster.network.set([]);
    expect(await ask(cluster, leader, ['PING'])).toMatchObject({ value: 'PONG' });
  }));

test('a power loss takes what was not synced and leaves what was acknowledged', () =>
  tell(async (cluster, leader) => {
    expect(await ask(cluster, leader, ['SET', 'k', 'kept'])).toEqual(done);
    const { lost } = await cluster.disks.powerLoss(three);
    expect(Object.keys(lost ?? {})).toEqual(three);
    for (const node of three) expect(await cluster.nodeState(node)).toBe('stopped');
    await Promise.all(three.map((node) => cluster.start(node)));
    const next = await leaderOf(cluster);
    expect(await ask(cluster, next, ['GET', 'k'])).toMatchObject({ value: 'kept' });
  }));

test('a node whose disk is full ends, as it may while a fault allows it', async () => {
  const exits: number[] = [];
  const cluster = createSimulatedCluster({ seed: 2, nodes: three });
  await cluster.run(async () => {
    await Promise.all(three.map((node) => cluster.start(node)));
    for (const allowed of [/^DiskError: /, /^TypeError: /, null]) {
      const leader = await leaderOf(cluster);
      const isAllowed = (words: string): boolean => allowed?.test(words) === true;
      const forbid = cluster.mayEnd(leader, isAllowed);
      expect(await cluster.disks.fill(leader)).toMatchObject({ freeBytes: 0, full: true });
      expect(await ask(cluster, leader, ['SET', 'k', 'v'])).not.toEqual(done);
      expect(await cluster.nodeState(leader)).toBe('stopped');
      expect((await cluster.disks.free(leader))['refusedWrites']).toBeGreaterThan(0);
      forbid();
      await cluster.start(leader);
      exits.push(cluster.unexpectedExits().length);
    }
  });
  expect(exits).toEqual([0, 1, 2]);
  expect(cluster.unexpectedExits()[0]?.reason).toContain('ENOSPC');
});

test('on a slow disk syncs wait for their turn', () =>
  tell(async (cluster) => {
    for (const node of three) {
      expect(await cluster.disks.slow(node, 4)).toMatchObject({ waited: 0 });
    }
    const leader = await leaderOf(cluster);
    const begunNs = cluster.timers.nowNs();
    expect(await ask(cluster, leader, ['SET', 'k', 'v'])).toEqual(done);
    expect(cluster.timers.nowNs() - begunNs).toBeGreaterThan(200e6);
    expect((await cluster.disks.slow(leader, null))['waited']).toBeGreaterThan(0);
  }));

test('a flipped bit of the log is refused at the start, and the file can be put back', () =>
  tell(async (cluster, leader) => {
    await cluster.stop(leader);
    const files = await cluster.disks.list(leader);
    expect(files.map(({ age }) => age)).toEqual(files.map((_, at) => at));
    const log = files.find(({ path }) => path.startsWith('wal-'));
    const harm = { type: 'flip', path: log?.path ?? '', offset: 20, bit: 3 } as const;
    const { before, after } = await cluster.disks.damage(leader, harm);
    expect(Number(before) ^ Number(after)).toBe(8);
    const forbid = cluster.mayEnd(leader, (words) => words.startsWith('WalCorruptionError: '));
    await expect(cluster.start(leader)).rejects.toThrow('is corrupt at byte');
    expect(await cluster.disks.repair(leader)).toEqual({ restoredFiles: files.length });
    await cluster.disks.damage(leader, { type: 'wipe' });
    expect(await cluster.disks.list(leader)).toEqual([]);
    expect(await cluster.disks.repair(leader)).toEqual({ restoredFiles: files.length });
    forbid();
    await cluster.start(leader);
    await expect(cluster.disks.damage(leader, harm)).rejects.toThrow('is running');
  }));

test('a torn tail is cut off by the server; a truncated file is as long as asked for', () =>
  tell(async (cluster, leader) => {
    await cluster.kill(leader);
    const path = 'identity.new';
    await expect(
      cluster.disks.damage(leader, { type: 'truncate', path, keepBytes: 0 }),
    ).rejects.toThrow('there is no file');
    const [newest] = await cluster.disks.list(leader);
    const damage = { path: newest?.path ?? '', bytes: Uint8Array.of(1, 2, 3) };
    expect(await cluster.disks.damage(leader, { type: 'append', ...damage })).toMatchObject({
      bytesAfter: (newest?.bytes ?? 0) + 3,
    });
    await cluster.disks.repair(leader);
    await cluster.start(leader);
  }));

test('log lines are told as they come, until nobody wants them any more', () =>
  tell(async (cluster, leader) => {
    const lines: string[] = [];
    const stop = cluster.onLogLine((node, line) => lines.push(`${node} ${line}`));
    await cluster.kill(leader);
    await leaderOf(cluster, leader);
    expect(lines.filter((line) => /^n\d .*"role":"leader"/.test(line))).toHaveLength(1);
    stop();
    const { length } = lines;
    await cluster.start(leader);
    expect(lines).toHaveLength(length);
  }));

test('an operator hands over leadership, forces snapshots, and names crash points', () =>
  tell(async (cluster, leader) => {
    const { operator } = reference;
    const desk = { cluster, timers: cluster.timers, leader };
    const [to = ''] = three.filter((node) => node !== leader);
    expect(await operator.transferLeadership?.(desk, to)).toContain(`handed over to ${to}`);
    expect(await leaderOf(cluster, leader)).toBe(to);
    await expect(operator.transferLeadership?.(desk, to)).rejects.toThrow('MOVED');
    expect(await operator.forceSnapshot?.(desk, to)).toContain('is durable');
    const points = operator.crashPoints;
    await points?.arm(desk, to, 'wal.after-fsync', 1);
    await points?.disarm(desk, to);
    expect(await ask(cluster, to, ['SET', 'k', 'v'])).toEqual(done);
    expect(await points?.arm(desk, to, 'wal.after-fsync', 2)).toContain('passage 2');
    await ask(cluster, to, ['SET', 'k', 'v']);
    await ask(cluster, to, ['SET', 'k', 'v']);
    expect(await cluster.nodeState(to)).toBe('stopped');
    await cluster.start(to);
  }));

test('a spare is added, asked for twice, and removed; one that was wiped comes back', () =>
  tell(
    async (cluster) => {
      const { members } = reference.operator;
      const desk = async () => ({
        cluster,
        timers: cluster.timers,
        leader: await leaderOf(cluster),
      });
      expect(cluster.spares).toEqual(['n4']);
      expect(cluster.nodes).toEqual(three);
      await cluster.start('n4');
      for (const wipes of [false, true]) {
        expect(await members?.add(await desk(), 'n4')).toContain('n4 is a voter now');
        expect(await members?.add(await desk(), 'n4')).toBe('it is so already');
        const { leader } = await desk();
        expect(await members?.list(await desk(), leader)).toEqual([...three, 'n4']);
        await members?.remove(await desk(), 'n4');
        expect(await members?.remove(await desk(), 'n4')).toBe('it is so already');
        await cluster.kill('n4');
        if (wipes) await cluster.disks.damage('n4', { type: 'wipe' });
        await cluster.start('n4');
      }
      await members?.add(await desk(), 'n4');
      const { leader } = await desk();
      expect(await members?.list(await desk(), leader)).toEqual([...three, 'n4']);
    },
    { spares: ['n4'] },
  ));

test('a member that ran on while it was removed, and is added again, is refused once wiped', () =>
  tell(
    async (cluster) => {
      const { members } = reference.operator;
      const { timers } = cluster;
      const desk = async () => ({ cluster, timers, leader: await leaderOf(cluster) });
      await cluster.start('n4');
      await members?.add(await desk(), 'n4');
      await members?.remove(await desk(), 'n4');
      await pause(timers, 500);
      await members?.add(await desk(), 'n4');
      await pause(timers, 1500);
      await cluster.kill('n4');
      await cluster.disks.damage('n4', { type: 'wipe' });
      const { refused } = cluster.messageCounts();
      await cluster.start('n4');
      await pause(timers, 3000);
      expect(cluster.messageCounts().refused).toBeGreaterThan(refused);
      const seen = await introspectNode({ cluster, system: reference, timers }, 'n4');
      expect(seen).toMatchObject({ lastLogIndex: 0, commitIndex: 0 });
    },
    { spares: ['n4'] },
  ));
