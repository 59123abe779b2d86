/** The conformance suite's part about disks: what is lost, what is kept, and what is put back. */
import { expect, test } from 'vitest';
import type { Cluster } from '../cluster.ts';
import {
  allLinks,
  ask,
  askNumber,
  askText,
  type GetCluster,
  tryAbility,
  untilHeard,
} from './cluster-conformance-rig.ts';

/** The files of the server (testdata/ping). */
const syncedFile = 'values';
const lazyFile = 'lazy-values';

async function restart(cluster: Cluster, node: string): Promise<void> {
  await cluster.kill(node);
  await cluster.start(node);
}

async function keep(cluster: Cluster, node: string, what: string): Promise<void> {
  expect(await askText(cluster, node, ['SET', 'synced', what])).toBe('OK');
  expect(await askText(cluster, node, ['LAZY', 'lazy', what])).toBe('OK');
}

async function kept(cluster: Cluster, node: string): Promise<readonly (string | null)[]> {
  const ofKeys = ['synced', 'lazy'].map((key) => askText(cluster, node, ['GET', key]));
  return Promise.all(ofKeys);
}

export function testPowerLoss(cluster: GetCluster): void {
  test('SIGKILL alone loses nothing, synced or not: the kernel holds it', async () => {
    await keep(cluster(), 'n1', 'before-kill');
    await restart(cluster(), 'n1');
    expect(await kept(cluster(), 'n1')).toEqual(['before-kill', 'before-kill']);
  });

  test('a power loss takes what was not synced, of those that it hits only', () =>
    tryAbility(cluster(), 'power-loss', {
      effect: async () => {
        // What is lazy by now may have been written back long ago: it starts from known ground.
        await cluster().disks.powerLoss(['n1', 'n2']);
        await Promise.all(['n1', 'n2'].map((node) => cluster().start(node)));
        const old = (await kept(cluster(), 'n2'))[1];
        const exits = cluster().unexpectedExits().length;
        const bystander = await cluster().processId('n3');
        await Promise.all(['n1', 'n2', 'n3'].map((node) => keep(cluster(), node, 'power')));
        const evidence = await cluster().disks.powerLoss(['n1', 'n2']);
        expect(Object.keys(evidence)).not.toEqual([]);
        for (const node of ['n1', 'n2']) expect(await cluster().nodeState(node)).toBe('stopped');
        expect(await cluster().processId('n3')).toBe(bystander);
        await Promise.all(['n1', 'n2'].map((node) => cluster().start(node)));
        expect(await kept(cluster(), 'n2')).toEqual(['power', old]);
        expect((await kept(cluster(), 'n1'))[0]).toBe('power');
        expect((await kept(cluster(), 'n1'))[1]).not.toBe('power');
        expect(await kept(cluster(), 'n3')).toEqual(['power', 'power']);
        expect(cluster().unexpectedExits()).toHaveLength(exits);
        await untilHeard(cluster(), allLinks(), 3);
      },
      request: () => cluster().disks.powerLoss(['n1']),
    }));
}

export function testFullDisks(cluster: GetCluster): void {
  test('a full disk takes no byte more, of one node only, until there is room again', () =>
    tryAbility(cluster(), 'disk-full', {
      effect: async () => {
        const big = 'x'.repeat(20_000);
        await keep(cluster(), 'n1', 'before-full');
        const evidence = await cluster().disks.fill('n1');
        expect(evidence).toMatchObject({ freeBytes: expect.any(Number) });
        const reply = await ask(cluster(), 'n1', ['SET', 'synced', big]);
        expect(reply).toMatchObject({ type: 'error', code: 'ENOSPC' });
        expect(await kept(cluster(), 'n1')).toEqual(['before-full', 'before-full']);
        expect(await askText(cluster(), 'n2', ['SET', 'big', big])).toBe('OK');
        await cluster().disks.free('n1');
        expect(await askText(cluster(), 'n1', ['SET', 'big', big])).toBe('OK');
        await restart(cluster(), 'n1');
        expect(await kept(cluster(), 'n1')).toEqual(['before-full', 'before-full']);
        expect(await askText(cluster(), 'n1', ['GET', 'big'])).toBe(big);
      },
      request: () => cluster().disks.fill('n1'),
    }));
}

export function testSlowDisks(cluster: GetCluster): void {
  test('a slow disk syncs as often as was asked for, of one node only, until it is let go', () =>
    tryAbility(cluster(), 'disk-slow', {
      effect: async () => {
        const syncs = 8;
        const perSecond = 8;
        const takes = (node: string): Promise<number> =>
          askNumber(cluster(), node, ['SYNCS', String(syncs)]);
        await cluster().disks.slow('n1', perSecond);
        // The first ones may come in a burst.
        expect(await takes('n1')).toBeGreaterThan(500_000);
        expect(await takes('n2')).toBeLessThan(500_000);
        await cluster().disks.slow('n1', null);
        await expect.poll(() => takes('n1'), { timeout: 20_000 }).toBeLessThan(500_000);
      },
      request: () => cluster().disks.slow('n1', 10),
    }));
}

export function testDamage(cluster: GetCluster): void {
  test('files are listed, damaged as was asked for, and put back byte for byte', () =>
    tryAbility(cluster(), 'damage', {
      effect: () => tryDamage(cluster()),
      request: () => cluster().disks.damage('n1', { type: 'wipe' }),
    }));
}

async function tryDamage(cluster: Cluster): Promise<void> {
  const { disks } = cluster;
  const flip = { type: 'flip', path: lazyFile, offset: 0, bit: 0 } as const;
  await restart(cluster, 'n1');
  await keep(cluster, 'n1', 'undamaged');
  const digest = await askText(cluster, 'n1', ['DIGEST']);
  await expect(disks.damage('n1', flip)).rejects.toThrow();
  await cluster.kill('n1');
  const files = await disks.list('n1');
  const sizeOf = (path: string): number => files.find((each) => each.path === path)?.bytes ?? 0;
  expect(files.find(({ age }) => age === 0)?.path).toBe(lazyFile);
  expect(sizeOf(syncedFile)).toBeGreaterThan(0);

  const bytes = new TextEncoder().encode('torn=off');
  await disks.damage('n1', { type: 'append', path: syncedFile, bytes });
  // The first letter of the first line: `lazy` becomes `mazy`.
  await disks.damage('n1', flip);
  await cluster.start('n1');
  expect(await askText(cluster, 'n1', ['GET', 'torn'])).toBe('off');
  expect(await askText(cluster, 'n1', ['GET', 'mazy'])).not.toBeNull();
  await cluster.kill('n1');
  await disks.repair('n1');

  const keepBytes = sizeOf(syncedFile) - 'aged\n'.length;
  await disks.damage('n1', { type: 'truncate', path: syncedFile, keepBytes });
  await cluster.start('n1');
  expect((await kept(cluster, 'n1'))[0]).toBe('undam');
  await cluster.kill('n1');
  await disks.repair('n1');

  await disks.damage('n1', { type: 'wipe' });
  expect(await disks.list('n1')).toEqual([]);
  await cluster.start('n1');
  expect(await kept(cluster, 'n1')).toEqual([null, null]);
  await cluster.kill('n1');
  await disks.repair('n1');

  await cluster.start('n1');
  expect(await askText(cluster, 'n1', ['DIGEST'])).toBe(digest);
  expect(await kept(cluster, 'n1')).toEqual(['undamaged', 'undamaged']);
  await untilHeard(cluster, allLinks(), 3);
}
