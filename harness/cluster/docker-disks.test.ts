/** Tests of the disks of the docker cluster beyond the conformance suite, against a real engine. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../cluster.ts';
import { askNumber, askText } from './cluster-conformance-rig.ts';
import { createDockerCluster } from './docker.ts';
import { whySkipDockerTests } from './docker-available.ts';
import { DockerDisks } from './docker-disks.ts';
import { connectEngine } from './docker-engine.ts';
import { countLeftovers, removeRun, sweepLeftovers } from './docker-reaper.ts';
import { prepareBaseImage } from './images/images.ts';
import { pingSourceRoot, pingSystem } from './ping-system.ts';

const here = dirname(fileURLToPath(import.meta.url));
const nodes = ['n1', 'n2'];
const whySkip = (await whySkipDockerTests()) ?? whyNoLoopDevices();

/** Where there are none the cluster says so, which the conformance suite sees to. */
function whyNoLoopDevices(): string | null {
  try {
    loopImages('');
    return null;
  } catch {
    return 'this machine shows no loop devices';
  }
}

/** The files that loop devices are made of, of a run. */
function loopImages(runId: string): readonly string[] {
  return readdirSync('/sys/block')
    .filter((name) => name.startsWith('loop'))
    .flatMap((name) => {
      try {
        return [readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8').trim()];
      } catch {
        return [];
      }
    })
    .filter((image) => image.includes(`rafture-${runId}-`));
}

describe.skipIf(whySkip !== null)('disks of their own', { timeout: 60_000 }, () => {
  const runId = `test-${process.pid}-disks`;
  const strangers: ChildProcess[] = [];
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await createDockerCluster({
      ...{ system: pingSystem, nodes, runId, images: 'auto', sourceRoot: pingSourceRoot },
      prepare: new Set(['power-loss', 'disk-full', 'disk-slow', 'damage']),
    });
  }, 120_000);

  afterAll(async () => {
    for (const stranger of strangers) stranger.kill('SIGKILL');
    await cluster?.tearDown();
  });

  async function keep(node: string, what: string): Promise<void> {
    await askText(cluster, node, ['SET', 'synced', what]);
    await askText(cluster, node, ['LAZY', 'lazy', what]);
  }

  function kept(node: string): Promise<readonly (string | null)[]> {
    return Promise.all(['synced', 'lazy'].map((key) => askText(cluster, node, ['GET', key])));
  }

  test('each power loss takes the unsynced line alone, and counts its bytes', async () => {
    for (const round of ['one', 'two', 'six']) {
      // A mount namespace of somebody else that is made now has our mounts, for as long as it is.
      strangers.push(spawn('unshare', ['--mount', 'sleep', 'infinity'], { stdio: 'ignore' }));
      await Promise.all(nodes.map((node) => keep(node, round)));
      const { lostBytes, disks } = await cluster.disks.powerLoss(nodes);
      const lazy = { path: 'lazy-values', bytesBefore: 9, bytesAfter: null, lostBytes: 9 };
      const values = expect.objectContaining({ path: 'values', lostBytes: 0 });
      const disk = { lostBytes: 9, files: [lazy, values], journalReplayed: true };
      expect({ lostBytes, disks }).toEqual({ lostBytes: 18, disks: { n1: disk, n2: disk } });
      await Promise.all(nodes.map((node) => cluster.start(node)));
      for (const node of nodes) expect(await kept(node)).toEqual([round, null]);
    }
  });

  test('a full disk is full for the next life as well, and can lose its power', async () => {
    const big = 'x'.repeat(20_000);
    expect(await cluster.disks.fill('n1')).toMatchObject({ freeBytes: 0 });
    await cluster.kill('n1');
    await cluster.start('n1');
    await expect(askText(cluster, 'n1', ['SET', 'synced', big])).rejects.toThrow('ENOSPC');
    await cluster.disks.powerLoss(['n1']);
    await cluster.start('n1');
    expect(await askText(cluster, 'n1', ['SET', 'synced', big])).toBe('OK');
  });

  test('a slow disk is slow for the next life as well', async () => {
    expect(await cluster.disks.slow('n1', 8)).toMatchObject({ perSecond: 8 });
    await cluster.kill('n1');
    await cluster.start('n1');
    expect(await askNumber(cluster, 'n1', ['SYNCS', '8'])).toBeGreaterThan(500_000);
    const evidence = await cluster.disks.slow('n1', null);
    expect(evidence).toMatchObject({ perSecond: null, writesWhileSlow: expect.any(Number) });
    // Those before the new life was seen are not among them.
    expect(evidence['writesWhileSlow']).toBeGreaterThanOrEqual(4);
    expect(evidence['waited']).toBeGreaterThan(0);
  });

  test('a limit that nothing came near to has held nothing up', async () => {
    await cluster.disks.slow('n1', 10_000);
    expect(await askNumber(cluster, 'n1', ['SYNCS', '8'])).toBeGreaterThan(0);
    expect(await cluster.disks.slow('n1', null)).toMatchObject({ waited: 0 });
    await cluster.disks.slow('n1', 1);
    expect(await cluster.disks.slow('n1', null)).toMatchObject({ writesWhileSlow: 0, waited: 0 });
  });

  test('what was put back outlasts a power loss, as what was synced does', async () => {
    await keep('n2', 'whole');
    await cluster.kill('n2');
    await cluster.disks.damage('n2', { type: 'wipe' });
    expect(await cluster.disks.list('n2')).toEqual([]);
    await cluster.start('n2');
    await keep('n2', 'other');
    await cluster.kill('n2');
    await cluster.disks.repair('n2');
    expect(await cluster.disks.powerLoss(['n2'])).toMatchObject({ lostBytes: 0 });
    await cluster.start('n2');
    expect(await kept('n2')).toEqual(['whole', 'whole']);
  });

  test('a node that writes its first line is killed even so', async () => {
    await cluster.kill('n1');
    const killed = Promise.withResolvers<void>();
    const stop = cluster.onLogLine((node, line) => {
      if (node !== 'n1' || !line.includes('started')) return;
      void cluster.kill('n1').then(killed.resolve);
    });
    await expect(cluster.start('n1')).rejects.toThrow(/not ready: it exited with code 137/);
    await killed.promise;
    stop();
    expect(await cluster.nodeState('n1')).toBe('stopped');
    expect(cluster.unexpectedExits()).toEqual([]);
    await cluster.start('n1');
  });

  test('nothing of them is left when the cluster is torn down', async () => {
    expect(loopImages(runId)).not.toEqual([]);
    for (const stranger of strangers) stranger.kill('SIGKILL');
    await cluster.tearDown();
    await expect.poll(() => loopImages(runId), { timeout: 10_000 }).toEqual([]);
  });
});

describe.skipIf(whySkip !== null)('disks that cannot be made', { timeout: 60_000 }, () => {
  test('are told with the reason and the remedy, and the nodes have volumes', async () => {
    const engine = await connectEngine();
    const runId = `test-${process.pid}-tiny`;
    const base = await prepareBaseImage(engine, 'auto', () => {});
    const disks = new DockerDisks({
      ...{ engine, base, runId, nodes, onProgress: () => {} },
      prepare: new Set(['power-loss', 'damage']),
      container: () => expect.unreachable(),
      // A disk of a page has no room for a file system.
      diskBytes: 4096,
    });
    try {
      await disks.setUp();
      const why = expect.stringContaining('mke2fs failed');
      const remedy = expect.stringContaining('runs as root');
      const unavailable = { available: false, why, remedy };
      expect(disks.capabilities).toMatchObject({
        'power-loss': unavailable,
        'disk-full': unavailable,
        'disk-slow': unavailable,
        damage: { available: true, how: expect.stringContaining('volumes') },
      });
      await expect(disks.powerLoss(['n1'])).rejects.toThrow(/power-loss is not possible: .*mke2fs/);
      expect(await disks.list('n1')).toEqual([]);
      expect(loopImages(runId)).toEqual([]);
    } finally {
      await removeRun(engine, runId, null);
    }
  });
});

describe.skipIf(whySkip !== null)('the end of a harness with disks', { timeout: 60_000 }, () => {
  const runs: string[] = [];
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    const engine = await connectEngine();
    for (const run of runs.splice(0)) await removeRun(engine, run, null).catch(() => {});
  });

  async function harnessAt(runId: string, stage: RegExp): Promise<ChildProcess> {
    runs.push(runId);
    const script = join(here, 'testdata/hold-docker-disks.ts');
    const child = spawn(process.execPath, [script, runId], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      if (stage.test(line)) return child;
    }
    throw new Error(`the harness ended before ${stage}`);
  }

  async function expectNothingLeft(runId: string): Promise<void> {
    const engine = await connectEngine();
    await expect
      .poll(async () => [await countLeftovers(engine, runId), ...loopImages(runId)], {
        ...{ timeout: 30_000, interval: 100 },
      })
      .toEqual([0]);
  }

  test('a SIGKILL when the disks are made leaves no loop device', async () => {
    const runId = `test-${process.pid}-made`;
    const harness = await harnessAt(runId, /^starting/);
    expect(loopImages(runId)).toHaveLength(2);
    harness.kill('SIGKILL');
    await expectNothingLeft(runId);
  });

  test('a SIGKILL in the middle of a power loss leaves none either', async () => {
    const runId = `test-${process.pid}-dark`;
    const harness = await harnessAt(runId, /^dark$/);
    harness.kill('SIGKILL');
    await expectNothingLeft(runId);
  });

  test('nor does one when the reaper has gone before, after the next sweep', async () => {
    const engine = await connectEngine();
    const runId = `test-${process.pid}-unreaped`;
    const harness = await harnessAt(runId, /^full$/);
    await engine.docker.getContainer(`rafture-${runId}-reaper`).remove({ force: true });
    const ended = new Promise((resolve) => harness.once('exit', resolve));
    harness.kill('SIGKILL');
    await ended;
    expect(await countLeftovers(engine, runId)).toBeGreaterThan(0);
    expect(await sweepLeftovers(engine)).toContain(runId);
    await expectNothingLeft(runId);
  });
});
