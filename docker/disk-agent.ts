/**
 * The disk agent: it runs in a container and makes, mounts, fills, slows and harms the nodes' disks.
 *
 * Requests come as lines of JSON on its standard input, one answer a line. A disk of its own is
 * ext4 on a loop device on a file in memory: when the agent ends, in whatever way, and nobody has
 * it mounted any more, the kernel gives all of it back by itself. (autoclear)
 */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { Damage, Evidence } from '../harness/cluster.ts';
import {
  type Contents,
  compareContents,
  copyFolder,
  damageFiles,
  listFiles,
  readContents,
  syncFolder,
} from './disk-files.ts';
import type { DiskAnswer, DiskRequest, MadeDisk, WiredDamage } from './disk-requests.ts';
import { errorNumbers, type Handle, KernelCalls, KernelError } from './kernel-calls.ts';

const devices = '/engine/dev';
const controlGroups = '/engine/cgroup';
const images = '/images';
const disks = '/disks';
const kept = '/images/kept';
const loopMajor = 7;
const attachAttemptsMax = 20;
const unmountLimitMs = 15_000;
const pollMs = 5;
const filesToldMax = 50;
/** The ext4 superblock, and in it the flag of a journal that is to be replayed. */
const superblockAt = 1024;
const incompatAt = superblockAt + 96;
const needsRecovery = 4;
/** A ballast grows by blocks of these sizes until none fits any more. */
const ballastBlocks = [64, 8, 1].map((mebibytes) => mebibytes * 1024 * 1024).concat(65_536, 4096);

interface Disk {
  readonly folder: string;
  readonly image: string;
  readonly device: string;
  readonly minor: number;
  /** Held open: a device that nobody mounts for a moment is not to be given back. */
  readonly held: Handle;
  readonly options: string;
  ballast: Handle | null;
  /** What was there when the power went. */
  before: Contents | null;
}

const kernel = new KernelCalls('/rafture/kernel-calls.pl');
const made = new Map<string, Disk>();
const slowed = new Map<string, { readonly writesBefore: number }>();

// A signal meant for the harness must not take the disks away.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as DiskRequest;
  const answer: DiskAnswer = await carryOut(request).then(
    (result) => ({ id: request.id, result }),
    (error: unknown) => ({
      id: request.id,
      error: error instanceof Error ? error.message : String(error),
    }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);

async function carryOut(request: DiskRequest): Promise<unknown> {
  switch (request.do) {
    case 'make':
      return make(request.node, request.image, request.bytes, request.options);
    case 'shut-down':
      return shutDown(request.nodes);
    case 'mount-again':
      return Object.fromEntries(
        await Promise.all(
          request.nodes.map(async (node) => [node, await mountAgain(disk(node))] as const),
        ),
      );
    case 'try':
      return tryPowerLoss(request.node);
    case 'fill':
      return fill(disk(request.node));
    case 'free':
      return free(disk(request.node));
    case 'slow':
      return slow(request.node, request.container, request.perSecond);
    case 'list':
      return listFiles(folderOf(request.node));
    case 'damage': {
      const folder = folderOf(request.node);
      if (request.keep) copyFolder(folder, join(kept, request.node));
      const evidence = damageFiles(folder, unwire(request.damage));
      syncFolder(folder);
      return evidence;
    }
    case 'repair':
      return repair(request.node);
  }
}

function unwire(damage: WiredDamage): Damage {
  if (damage.type !== 'append') return damage;
  const { base64, ...rest } = damage;
  return { ...rest, bytes: Buffer.from(base64, 'base64') };
}

/** A new disk, mounted here; the engine mounts the same device for the node. */
async function make(node: string, name: string, bytes: number, options: string): Promise<MadeDisk> {
  mkdirSync(images, { recursive: true });
  const image = join(images, name);
  const file = await kernel.create(image);
  truncateSync(image, bytes);
  formatDisk(image);
  const { device, minor, held } = await attach(file);
  await kernel.close(file);
  const folder = join(disks, node);
  mkdirSync(folder, { recursive: true });
  await kernel.mount(device, folder, options);
  // A server may want to find its folder empty.
  rmdirSync(join(folder, 'lost+found'));
  syncFolder(folder);
  made.set(node, {
    ...{ folder, image, device, minor, held, options },
    ballast: null,
    before: null,
  });
  return { device: `/dev/loop${minor}`, minor };
}

function formatDisk(image: string): void {
  const lazily = 'lazy_itable_init=1,lazy_journal_init=1,nodiscard';
  // No blocks are set aside for root: servers in containers are root, and a full disk is full.
  const words = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-m', '0', '-J', 'size=4', '-E', lazily];
  const { status, error, stderr } = spawnSync('mke2fs', [...words, image], { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`mke2fs failed: ${error?.message ?? stderr.trim()}`);
}

/** Another program may take the device that was free; then it is tried with the next. */
async function attach(
  image: Handle,
): Promise<{ readonly device: string; readonly minor: number; readonly held: Handle }> {
  const control = await kernel.open(join(devices, 'loop-control'));
  try {
    for (let attempt = 1; ; attempt++) {
      const minor = await kernel.freeLoopDevice(control);
      const device = join(devices, `loop${minor}`);
      if (!existsSync(device)) await kernel.makeBlockDevice(device, loopMajor, minor);
      const held = await kernel.open(device);
      try {
        await kernel.attachLoop(held, image);
        return { device, minor, held };
      } catch (error) {
        await kernel.close(held);
        const isTaken = error instanceof KernelError && error.number === errorNumbers.busy;
        if (!isTaken || attempt === attachAttemptsMax) throw error;
      }
    }
  } finally {
    await kernel.close(control);
  }
}

/** Everything is read before the first disk goes, so that they go at one moment. */
async function shutDown(nodes: readonly string[]): Promise<Evidence> {
  const going: { readonly disk: Disk; readonly folder: Handle }[] = [];
  for (const node of nodes) {
    const each = disk(node);
    await dropBallast(each);
    each.before = readContents(each.folder);
    going.push({ disk: each, folder: await kernel.openFolder(each.folder) });
  }
  const startNs = process.hrtime.bigint();
  await Promise.all(going.map(({ folder }) => kernel.shutDown(folder)));
  const tookMs = Number(process.hrtime.bigint() - startNs) / 1e6;
  for (const { folder } of going) await kernel.close(folder);
  return { shutDown: nodes, tookMs };
}

/** When the last mount has gone the kernel forgets the disk; the next one replays its journal. */
async function mountAgain(each: Disk): Promise<Evidence> {
  await kernel.unmount(each.folder);
  const limit = Date.now() + unmountLimitMs;
  while (existsSync(`/sys/fs/ext4/loop${each.minor}`)) {
    if (Date.now() > limit) throw new Error(`${each.device} is mounted still`);
    await delay(pollMs);
  }
  const image = readFileSync(each.image);
  const journal = (image.readUInt32LE(incompatAt) & needsRecovery) !== 0;
  await kernel.mount(each.device, each.folder, each.options);
  const files = compareContents(each.before ?? new Map(), readContents(each.folder));
  each.before = null;
  const lostBytes = files.reduce((sum, file) => sum + file.lostBytes, 0);
  const told = files.toSorted((a, b) => b.lostBytes - a.lostBytes).slice(0, filesToldMax);
  return { lostBytes, files: told, journalReplayed: journal };
}

/** The whole way, on a disk that no node has mounted. Throws when the disk does not forget. */
async function tryPowerLoss(node: string): Promise<Evidence> {
  const each = disk(node);
  const [synced, unsynced] = [join(each.folder, 'synced'), join(each.folder, 'unsynced')];
  writeFileSync(synced, 'kept', { flush: true });
  syncFolder(each.folder);
  writeFileSync(unsynced, 'lost');
  await shutDown([node]);
  const evidence = await mountAgain(each);
  const left = listFiles(each.folder).map(({ path }) => path);
  if (left.join() !== 'synced') throw new Error(`a power loss would leave: ${left.join(', ')}`);
  rmSync(synced);
  syncFolder(each.folder);
  return evidence;
}

/** The ballast has no name: a server that looks at its folder does not see it. */
async function fill(each: Disk): Promise<Evidence> {
  await dropBallast(each);
  const path = join(each.folder, '.ballast');
  const ballast = await kernel.create(path);
  each.ballast = ballast;
  rmSync(path);
  let bytes = 0;
  for (const block of ballastBlocks) {
    while (await takes(ballast, bytes, block)) bytes += block;
  }
  return { ballastBytes: bytes, ...readSpace(each) };
}

async function takes(ballast: Handle, offset: number, bytes: number): Promise<boolean> {
  try {
    await kernel.allocate(ballast, offset, bytes);
    return true;
  } catch (error) {
    if (error instanceof KernelError && error.number === errorNumbers.noSpace) return false;
    throw error;
  }
}

async function free(each: Disk): Promise<Evidence> {
  await dropBallast(each);
  return readSpace(each);
}

async function dropBallast(each: Disk): Promise<void> {
  if (each.ballast === null) return;
  await kernel.close(each.ballast);
  each.ballast = null;
}

function readSpace({ folder }: Disk): Evidence {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { freeBytes: bavail * bsize, diskBytes: blocks * bsize };
}

/** The limit is the control group's, which a container gets anew whenever it is started. */
function slow(node: string, container: string, perSecond: number | null): Evidence {
  const { minor } = disk(node);
  const device = `${loopMajor}:${minor}`;
  const group = findGroup(controlGroups, container);
  if (group === null) throw new Error(`the container has no control group of block devices`);
  const isOld = existsSync(join(group, 'blkio.throttle.write_iops_device'));
  const file = join(group, isOld ? 'blkio.throttle.write_iops_device' : 'io.max');
  const limit = isOld ? `${perSecond ?? 0}` : `wiops=${perSecond ?? 'max'}`;
  writeFileSync(file, `${device} ${limit}`);
  const readBack = lineOf(file, device);
  const writes = countWrites(group, device);
  const inForce = /(?: |wiops=)(\d+)/.exec(readBack)?.[1];
  const evidence = {
    perSecond: inForce === undefined ? null : Number(inForce),
    readBack,
    file: file.slice(controlGroups.length),
    writes,
  };
  const since = slowed.get(node);
  if (perSecond === null) slowed.delete(node);
  else slowed.set(node, { writesBefore: writes });
  if (since === undefined || perSecond !== null) return evidence;
  return { ...evidence, writesWhileSlow: Math.max(0, writes - since.writesBefore) };
}

function countWrites(group: string, device: string): number {
  const old = join(group, 'blkio.throttle.io_serviced');
  if (existsSync(old)) return Number(/ Write (\d+)/.exec(lineOf(old, `${device} Write`))?.[1] ?? 0);
  return Number(/wios=(\d+)/.exec(lineOf(join(group, 'io.stat'), device))?.[1] ?? 0);
}

function lineOf(file: string, beginning: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.find((line) => line.startsWith(`${beginning} `) || line === beginning) ?? '';
}

/** Where it lies depends on the engine's driver; its name holds the container's id in any case. */
function findGroup(root: string, container: string): string | null {
  const old = join(root, 'blkio');
  return findFolder(existsSync(old) ? old : root, container, 6);
}

function findFolder(folder: string, part: string, depth: number): string | null {
  const names = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  const found = names.find(({ name }) => name.includes(part));
  if (found !== undefined) return join(folder, found.name);
  if (depth === 0) return null;
  for (const { name } of names) {
    const below = findFolder(join(folder, name), part, depth - 1);
    if (below !== null) return below;
  }
  return null;
}

function repair(node: string): Evidence {
  const source = join(kept, node);
  if (!existsSync(source)) throw new Error(`nothing of ${node} has been kept`);
  const folder = folderOf(node);
  copyFolder(source, folder);
  // What had been synced is to be synced again: a later power loss must not take it.
  syncFolder(folder);
  rmSync(source, { recursive: true });
  const files = listFiles(folder);
  return { putBack: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** A disk of our own, or a volume that the engine has mounted here. */
function folderOf(node: string): string {
  const folder = join(disks, node);
  if (existsSync(folder)) return folder;
  throw new Error(`${node} has no disk here`);
}

function disk(node: string): Disk {
  const found = made.get(node);
  if (found !== undefined) return found;
  throw new Error(`${node} has no disk of its own`);
}
