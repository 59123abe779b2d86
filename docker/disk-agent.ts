/**
 * The disk agent: it runs in a container and makes, fills, slows and harms the disks of the nodes.
 *
 * Requests come as lines of JSON on its standard input, one answer a line. It ends when that ends,
 * and the disks that it has made end with it (loop-disk.ts).
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Damage, Evidence } from '../harness/cluster.ts';
import { copyFolder, damageFiles, listFiles, syncFolder } from './disk-files.ts';
import type { DiskAnswer, DiskRequest, WiredDamage } from './disk-requests.ts';
import { KernelCalls } from './kernel-calls.ts';
import { LoopDisk } from './loop-disk.ts';
import { limitWrites } from './write-limit.ts';
import { WriteWatch } from './write-watch.ts';

/** For each node its disk, or a volume that the engine has mounted there. */
const disks = '/disks';
const kept = '/images/kept';

const kernel = new KernelCalls('/rafture/kernel-calls.pl');
const made = new Map<string, LoopDisk>();
/** Of nodes that are slow. */
const watches = new Map<string, { readonly perSecond: number; readonly watch: WriteWatch }>();

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
    case 'make': {
      const folder = join(disks, request.node);
      made.set(request.node, await LoopDisk.make(kernel, { ...request, folder }));
      return {};
    }
    case 'try':
      return tryPowerLoss(request.node);
    case 'shut-down':
      return shutDown(request.nodes);
    case 'come-back': {
      const back = request.nodes.map(async (node) => [node, await disk(node).comeBack()] as const);
      return Object.fromEntries(await Promise.all(back));
    }
    case 'fill':
      return disk(request.node).fill();
    case 'free':
      return disk(request.node).free();
    case 'slow':
      return slow(request.node, request.container, request.perSecond);
    case 'list':
      return listFiles(folderOf(request.node));
    case 'damage':
      return damage(request.node, request.keep, unwire(request.damage));
    case 'repair':
      return repair(request.node);
  }
}

/** Everything is read before the first disk goes, so that they go at one moment. */
async function shutDown(nodes: readonly string[]): Promise<Evidence> {
  const goes: (() => Promise<void>)[] = [];
  for (const node of nodes) goes.push(await disk(node).prepareShutDown());
  const startNs = process.hrtime.bigint();
  await Promise.all(goes.map((go) => go()));
  return { shutDown: nodes, tookMs: Number(process.hrtime.bigint() - startNs) / 1e6 };
}

/** The whole way, on a disk that no node has mounted. Throws when the disk does not forget. */
async function tryPowerLoss(node: string): Promise<Evidence> {
  const { folder } = disk(node);
  const synced = join(folder, 'synced');
  writeFileSync(synced, 'kept', { flush: true });
  syncFolder(folder);
  writeFileSync(join(folder, 'unsynced'), 'lost');
  await shutDown([node]);
  const evidence = await disk(node).comeBack();
  const left = listFiles(folder).map(({ path }) => path);
  if (left.join() !== 'synced') throw new Error(`a power loss would leave: ${left.join(', ')}`);
  rmSync(synced);
  syncFolder(folder);
  return evidence;
}

function slow(node: string, container: string, perSecond: number | null): Evidence {
  const { reading, countWrites } = limitWrites(disk(node).deviceNumber, container, perSecond);
  const before = watches.get(node);
  // The same limit for another container: the node was started anew.
  const isSame = before?.perSecond === perSecond;
  if (before !== undefined && !isSame) watches.delete(node);
  if (perSecond === null) return { ...reading, ...before?.watch.stop() };
  if (!isSame) before?.watch.stop();
  const watch = isSame && before !== undefined ? before.watch : new WriteWatch(perSecond);
  watches.set(node, { perSecond, watch });
  watch.follow(countWrites);
  return { ...reading, ...watch.reading };
}

function unwire(wired: WiredDamage): Damage {
  if (wired.type !== 'append') return wired;
  const { base64, ...rest } = wired;
  return { ...rest, bytes: Buffer.from(base64, 'base64') };
}

async function damage(node: string, keep: boolean, harm: Damage): Promise<Evidence> {
  const folder = folderOf(node);
  if (keep) await copyFolder(kernel, folder, join(kept, node));
  const evidence = damageFiles(folder, harm);
  syncFolder(folder);
  return evidence;
}

async function repair(node: string): Promise<Evidence> {
  const source = join(kept, node);
  if (!existsSync(source)) throw new Error(`nothing of ${node} has been kept`);
  const folder = folderOf(node);
  await copyFolder(kernel, source, folder);
  // What had been synced is to be synced again: a later power loss must not take it.
  syncFolder(folder);
  rmSync(source, { recursive: true });
  const files = listFiles(folder);
  return { putBack: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function folderOf(node: string): string {
  const folder = join(disks, node);
  if (existsSync(folder)) return folder;
  throw new Error(`${node} has no disk here`);
}

function disk(node: string): LoopDisk {
  const found = made.get(node);
  if (found !== undefined) return found;
  throw new Error(`${node} has no disk of its own`);
}
