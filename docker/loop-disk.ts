/**
 * A disk of a node: ext4 on a loop device on a file in memory, and what can happen to it.
 *
 * Nobody has to take it apart: when nobody has it mounted any more, this process included, the
 * kernel gives back the device (autoclear), and then the file.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Evidence } from '../harness/cluster.ts';
import { type Contents, compareContents, readContents, syncFolder } from './disk-files.ts';
import { errorNumbers, type Handle, type KernelCalls, KernelError } from './kernel-calls.ts';
import { copySparsely } from './sparse-files.ts';

/** Of the engine's machine. */
const engineDevices = '/engine/dev';
/** A volume of the engine's: links to the device that each disk has at the moment. */
const links = '/links';
const images = '/images';
const loopMajor = 7;
const attachAttemptsMax = 20;
const filesToldMax = 50;
/** Of the ext4 superblock the flag that a journal is to be replayed. */
const incompatAt = 1024 + 96;
const needsRecovery = 4;
/** A ballast grows by blocks of these sizes until none fits any more. */
const ballastBlocks = [2 ** 26, 2 ** 23, 2 ** 20, 2 ** 16, 2 ** 12];
const ballastFilesMax = 8;

export interface LoopDiskOptions {
  readonly node: string;
  /** Where this process has it mounted. */
  readonly folder: string;
  /** Names the files that it is made of. */
  readonly name: string;
  readonly bytes: number;
  /** Of its mounts. */
  readonly mountOptions: string;
}

export class LoopDisk {
  readonly #kernel: KernelCalls;
  readonly #options: LoopDiskOptions;
  #generation = 0;
  #minor = 0;
  #ballast: Handle[] = [];
  /** What was there when the power went. */
  #before: Contents = new Map();

  private constructor(kernel: KernelCalls, options: LoopDiskOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  static async make(kernel: KernelCalls, options: LoopDiskOptions): Promise<LoopDisk> {
    const disk = new LoopDisk(kernel, options);
    const { folder, bytes } = options;
    mkdirSync(images, { recursive: true });
    mkdirSync(folder, { recursive: true });
    closeSync(openSync(disk.#image, 'wx'));
    truncateSync(disk.#image, bytes);
    formatDisk(disk.#image);
    await disk.#mount();
    // A server may want to find its folder empty.
    rmdirSync(join(folder, 'lost+found'));
    syncFolder(folder);
    return disk;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** `7:3`, as the kernel names devices. */
  get deviceNumber(): string {
    return `${loopMajor}:${this.#minor}`;
  }

  /** Reads what there is, and opens the disk; returns what cuts its power. */
  async prepareShutDown(): Promise<() => Promise<void>> {
    await this.#dropBallast();
    this.#before = await readContents(this.#kernel, this.folder);
    const root = await this.#kernel.openToRead(this.folder);
    return () => this.#kernel.shutDown(root).finally(() => this.#kernel.close(root));
  }

  /**
   * The disk after its power was cut and nobody uses it any more: what had reached it, on another
   * device. The old one may be mounted for long in a namespace of somebody else, who has nothing
   * to do with us, and the kernel would go on with it as it was.
   */
  async comeBack(): Promise<Evidence> {
    const old = this.#image;
    await this.#kernel.unmount(this.folder);
    this.#generation++;
    await copySparsely(this.#kernel, old, this.#image);
    rmSync(old);
    const journalReplayed = isToBeReplayed(this.#image);
    await this.#mount();
    const files = compareContents(this.#before, await readContents(this.#kernel, this.folder));
    this.#before = new Map();
    const lostBytes = files.reduce((sum, file) => sum + file.lostBytes, 0);
    const told = files.toSorted((a, b) => b.lostBytes - a.lostBytes).slice(0, filesToldMax);
    return { lostBytes, files: told, journalReplayed };
  }

  async fill(): Promise<Evidence> {
    await this.#dropBallast();
    let bytes = 0;
    // A file that needs one more block to say where its blocks are leaves the last one free: the
    // next file takes it.
    for (let files = 0; files < ballastFilesMax && !this.#isFull; files++) {
      bytes += await this.#addBallast();
    }
    return { ballastBytes: bytes, ...this.#readSpace() };
  }

  get #isFull(): boolean {
    return statfsSync(this.folder).bavail === 0;
  }

  /** It has no name: a server that looks at its folder does not see it. */
  async #addBallast(): Promise<number> {
    const path = join(this.folder, '.ballast');
    const ballast = await this.#kernel.create(path);
    this.#ballast.push(ballast);
    rmSync(path);
    let bytes = 0;
    for (const block of ballastBlocks) {
      while (await this.#takes(ballast, bytes, block)) bytes += block;
    }
    return bytes;
  }

  async free(): Promise<Evidence> {
    await this.#dropBallast();
    return this.#readSpace();
  }

  get #image(): string {
    return join(images, `${this.#options.name}-${this.#generation}.ext4`);
  }

  /** On a device of its own, to which the engine is led as well. */
  async #mount(): Promise<void> {
    const kernel = this.#kernel;
    const image = await kernel.open(this.#image);
    const { minor, device } = await this.#attach(image);
    this.#minor = minor;
    await kernel.mount(devicePath(minor), this.folder, this.#options.mountOptions);
    // The mount holds the device from here on, and the device its file.
    await kernel.close(device);
    await kernel.close(image);
    const link = join(links, this.#options.node);
    symlinkSync(`/dev/loop${minor}`, `${link}.new`);
    renameSync(`${link}.new`, link);
  }

  /** Another program may take the device that was free; then it is tried with the next. */
  async #attach(image: Handle): Promise<{ readonly minor: number; readonly device: Handle }> {
    const kernel = this.#kernel;
    const control = await kernel.open(join(engineDevices, 'loop-control'));
    try {
      for (let attempt = 1; ; attempt++) {
        const minor = await kernel.freeLoopDevice(control);
        const path = devicePath(minor);
        if (!existsSync(path)) await kernel.makeBlockDevice(path, loopMajor, minor);
        const device = await kernel.open(path);
        try {
          await kernel.attachLoop(device, image);
          return { minor, device };
        } catch (error) {
          await kernel.close(device);
          const isTaken = error instanceof KernelError && error.number === errorNumbers.busy;
          if (!isTaken || attempt === attachAttemptsMax) throw error;
        }
      }
    } finally {
      await kernel.close(control);
    }
  }

  async #takes(ballast: Handle, offset: number, bytes: number): Promise<boolean> {
    try {
      await this.#kernel.allocate(ballast, offset, bytes);
      return true;
    } catch (error) {
      if (error instanceof KernelError && error.number === errorNumbers.noSpace) return false;
      throw error;
    }
  }

  async #dropBallast(): Promise<void> {
    for (const ballast of this.#ballast.splice(0)) await this.#kernel.close(ballast);
  }

  #readSpace(): Evidence {
    const { bavail, blocks, bsize } = statfsSync(this.folder);
    return { freeBytes: bavail * bsize, diskBytes: blocks * bsize };
  }
}

function devicePath(minor: number): string {
  return join(engineDevices, `loop${minor}`);
}

function formatDisk(image: string): void {
  const lazily = 'lazy_itable_init=1,lazy_journal_init=1,nodiscard';
  // No blocks are set aside for root: servers in containers are root, and a full disk is full.
  const words = ['-q', '-F', '-t', 'ext4', '-b', '4096', '-m', '0', '-J', 'size=4', '-E', lazily];
  const { status, error, stderr } = spawnSync('mke2fs', [...words, image], { encoding: 'utf8' });
  if (status === 0) return;
  throw new Error(`mke2fs failed: ${error?.message ?? stderr.trim()}`);
}

function isToBeReplayed(image: string): boolean {
  const [file, flags] = [openSync(image, 'r'), Buffer.alloc(4)];
  try {
    readSync(file, flags, 0, 4, incompatAt);
  } finally {
    closeSync(file);
  }
  return (flags.readUInt32LE() & needsRecovery) !== 0;
}
