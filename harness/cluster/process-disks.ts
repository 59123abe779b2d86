/**
 * The disks of child processes: folders of this machine, which nobody can take the power from.
 *
 * So what only a machine's disk could do (forget, be full, be slow) a node's own fault disk does,
 * where its system has one (`faultDiskFolder`); its folder is told here what is to be wrong. Harm
 * to files is done to the files.
 */
import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join, relative } from 'node:path';
import type {
  Ability,
  Capability,
  ClusterDisks,
  Damage,
  DiskFile,
  Evidence,
  NodeState,
} from '../cluster.ts';
import type { NodePlace } from '../systems/system.ts';
import { undoJournal } from './undo-journal.ts';

export interface ProcessDisksOptions {
  place(node: string): Pick<NodePlace, 'dataDirectory' | 'faultDiskFolder'>;
  nodeState(node: string): Promise<NodeState>;
  lives(node: string): number;
  pause(node: string): Promise<void>;
  /** Resolves when the process is gone. */
  kill(node: string): Promise<void>;
}

/** A disk cannot do what was asked of it. */
class ProcessDiskError extends Error {
  override readonly name = 'ProcessDiskError';
}

/** What the fault disk reads; see `--fault-disk` in server/README.md. */
interface Controls {
  readonly full: boolean;
  readonly syncsPerS: number | null;
}

const controlFile = 'control.json';
const metFile = 'met.json';
const windowBytes = 1 << 20;
const zeros = Buffer.alloc(windowBytes);

/** Of a system with a fault disk or without; `prepared`: its nodes were started on theirs. */
export function processDiskCapabilities(
  hasFaultDisk: boolean,
  prepared: boolean,
): Pick<
  Readonly<Record<Ability, Capability>>,
  'power-loss' | 'disk-full' | 'disk-slow' | 'damage'
> {
  const damage: Capability = { available: true, how: 'the files of a stopped node are changed' };
  const of = (how: string, lost: string): Capability => {
    if (!hasFaultDisk) {
      const why = `${lost}: these nodes share the disk of this machine`;
      const remedy = '--cluster docker, or a system with a fault disk of its own';
      return { available: false, why, remedy };
    }
    if (prepared) return { available: true, how };
    const why = 'the nodes were not started on their fault disks';
    return { available: false, why, remedy: 'name the fault with --nemesis' };
  };
  return {
    'power-loss': of(
      'SIGKILL, then the undo journal of the node’s fault disk takes back what was not synced',
      'SIGKILL alone loses nothing that the kernel holds',
    ),
    'disk-full': of('the node’s fault disk refuses every write with ENOSPC', 'it cannot be full'),
    'disk-slow': of('the node’s fault disk makes syncs wait for their turn', 'it cannot be slow'),
    damage,
  };
}

export class ProcessDisks implements ClusterDisks {
  readonly #options: ProcessDisksOptions;
  readonly #controls = new Map<string, Controls>();
  /** Of the nodes that were harmed, how often they had been started when their files were kept. */
  readonly #keptIn = new Map<string, number>();

  constructor(options: ProcessDisksOptions) {
    this.#options = options;
  }

  async powerLoss(nodes: readonly string[]): Promise<Evidence> {
    const folders = nodes.map((node) => [node, this.#faultFolder(node)] as const);
    const { nodeState, pause, kill } = this.#options;
    const before = await Promise.all(nodes.map(nodeState));
    // So that all stand still at one moment; ends come one after the other.
    try {
      await Promise.all(nodes.map((node, at) => (before[at] === 'running' ? pause(node) : null)));
    } finally {
      // Whatever the pauses came to, nobody is left frozen.
      await Promise.all(nodes.map(kill));
    }
    const lost = folders.map(([node, folder]) => {
      return [node, undoJournal(this.#options.place(node).dataDirectory, folder)] as const;
    });
    return { how: 'SIGKILL, then the undo journal', lost: Object.fromEntries(lost) };
  }

  async fill(node: string): Promise<Evidence> {
    return { freeBytes: 0, ...(await this.#set(node, { full: true })) };
  }

  free(node: string): Promise<Evidence> {
    return this.#set(node, { full: false });
  }

  async slow(node: string, perSecond: number | null): Promise<Evidence> {
    const evidence = await this.#set(node, { syncsPerS: perSecond });
    return { ...evidence, waited: delayedSyncsOf(evidence['met']) };
  }

  async list(node: string): Promise<readonly DiskFile[]> {
    const { dataDirectory } = this.#options.place(node);
    const found = await Promise.all(
      (await filesBelow(dataDirectory)).map(async (path) => {
        const { size, mtimeMs } = await stat(path);
        const contentBytes = await contentBytesOf(path, size);
        return { path: relative(dataDirectory, path), bytes: size, contentBytes, mtimeMs };
      }),
    );
    found.sort((a, b) => b.mtimeMs - a.mtimeMs || (a.path < b.path ? -1 : 1));
    return found.map(({ mtimeMs: _time, ...file }, age) => ({ ...file, age }));
  }

  async damage(node: string, damage: Damage): Promise<Evidence> {
    await this.#checkStopped(node);
    await this.#keep(node);
    const { dataDirectory } = this.#options.place(node);
    if (damage.type === 'wipe') return wipe(dataDirectory);
    const path = join(dataDirectory, damage.path);
    const { size: bytesBefore } = await stat(path);
    const change = await harm(path, damage);
    const { size: bytesAfter } = await stat(path);
    return { ...{ file: damage.path, bytesBefore, bytesAfter }, ...change };
  }

  async repair(node: string): Promise<Evidence> {
    await this.#checkStopped(node);
    let restoredFiles = 0;
    for (const folder of this.#folders(node)) {
      if (!existsSync(kept(folder))) continue;
      await rm(folder, { recursive: true, force: true });
      await rename(kept(folder), folder);
      restoredFiles += (await filesBelow(folder)).length;
    }
    if (restoredFiles > 0 && this.#controls.has(node)) await this.#set(node, {});
    return { restoredFiles };
  }

  /** As it was before the first harm; the originals are put aside, and copies take their place. */
  async #keep(node: string): Promise<void> {
    const life = this.#options.lives(node);
    const isNew = this.#keptIn.get(node) !== life;
    this.#keptIn.set(node, life);
    for (const folder of this.#folders(node)) {
      // A node that has gone on since then has new promises: its older files must never return.
      if (isNew) await rm(kept(folder), { recursive: true, force: true });
      if (existsSync(kept(folder))) continue;
      await mkdir(folder, { recursive: true });
      await rename(folder, kept(folder));
      await cp(kept(folder), folder, { recursive: true, preserveTimestamps: true });
    }
    // The journal is about the originals.
    const { faultDiskFolder } = this.#options.place(node);
    if (faultDiskFolder === null) return;
    await rm(faultDiskFolder, { recursive: true });
    await mkdir(faultDiskFolder);
    if (this.#controls.has(node)) await this.#set(node, {});
  }

  #folders(node: string): readonly string[] {
    const { dataDirectory, faultDiskFolder } = this.#options.place(node);
    return faultDiskFolder === null ? [dataDirectory] : [dataDirectory, faultDiskFolder];
  }

  /** What was asked for is read back; `met` is what the node has said of it up to now. */
  async #set(node: string, change: Partial<Controls>): Promise<Evidence> {
    const folder = this.#faultFolder(node);
    const before = this.#controls.get(node) ?? { full: false, syncsPerS: null };
    const controls = { ...before, ...change };
    this.#controls.set(node, controls);
    await mkdir(folder, { recursive: true });
    const path = join(folder, controlFile);
    await writeFile(`${path}.new`, JSON.stringify(controls));
    await rename(`${path}.new`, path);
    return { control: await readJson(path), met: await readJson(join(folder, metFile)) };
  }

  #faultFolder(node: string): string {
    const { faultDiskFolder } = this.#options.place(node);
    if (faultDiskFolder !== null) return faultDiskFolder;
    throw new ProcessDiskError(`${node} was not started on a fault disk`);
  }

  async #checkStopped(node: string): Promise<void> {
    const state = await this.#options.nodeState(node);
    if (state !== 'stopped') throw new ProcessDiskError(`${node} is ${state}: stop it first`);
  }
}

function kept(folder: string): string {
  return `${folder}.kept`;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name));
}

async function wipe(folder: string): Promise<Evidence> {
  const filesBefore = (await filesBelow(folder)).length;
  await rm(folder, { recursive: true });
  await mkdir(folder);
  return { filesBefore, filesAfter: (await filesBelow(folder)).length };
}

async function harm(
  path: string,
  damage: Exclude<Damage, { readonly type: 'wipe' }>,
): Promise<Evidence> {
  switch (damage.type) {
    case 'append':
      return writeBehind(path, damage.bytes, damage.offset ?? (await stat(path)).size);
    case 'truncate':
      await truncate(path, damage.keepBytes);
      return {};
    case 'flip': {
      const { offset, bit } = damage;
      const [before, after] = await flip(path, offset, bit);
      return { offset, bit, before, after };
    }
  }
}

/** Zeros may be between what is there and what is written. */
async function writeBehind(path: string, bytes: Uint8Array, offset: number): Promise<Evidence> {
  const file = await open(path, 'r+');
  try {
    await file.write(bytes, 0, bytes.length, offset);
    return { offset, writtenBytes: bytes.length };
  } finally {
    await file.close();
  }
}

/** Up to the last byte that is not zero; read from the end, where the room for more is. */
async function contentBytesOf(path: string, bytes: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    for (let end = bytes; end > 0; end -= windowBytes) {
      const begin = Math.max(0, end - windowBytes);
      const window = Buffer.alloc(end - begin);
      await file.read(window, 0, window.length, begin);
      if (window.equals(zeros.subarray(0, window.length))) continue;
      return begin + window.findLastIndex((byte) => byte !== 0) + 1;
    }
    return 0;
  } finally {
    await file.close();
  }
}

/** The byte before and after, read back. */
async function flip(path: string, offset: number, bit: number): Promise<readonly number[]> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    const read = async (): Promise<number> => {
      const { bytesRead } = await file.read(byte, 0, 1, offset);
      if (bytesRead === 1) return byte[0] ?? 0;
      throw new ProcessDiskError(`${path} has no byte ${offset}`);
    };
    const before = await read();
    await file.write(Buffer.from([before ^ (1 << bit)]), 0, 1, offset);
    return [before, await read()];
  } finally {
    await file.close();
  }
}

/** A node that has not looked at its fault disk yet has had nothing to wait for. */
function delayedSyncsOf(met: unknown): number {
  const isTold = typeof met === 'object' && met !== null && 'delayedSyncs' in met;
  return isTold ? Number(met.delayedSyncs) : 0;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => null);
  return text === null ? null : JSON.parse(text);
}
