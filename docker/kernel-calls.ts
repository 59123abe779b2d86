/**
 * Calls of the kernel, by way of perl (kernel-calls.pl), in the words of what they are for.
 *
 * Numbers are Linux's own, on the two processors that Node and the engine run on. Files that are
 * opened here stay open in perl until they are closed, or until both have ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A file that perl holds open. */
export type Handle = number;

const readWrite = 2;
const createNew = 0o100 | 0o200;
const loopControlGetFree = 0x4c82;
const loopConfigure = 0x4c0a;
const loopAutoclear = 4;
const loopInfoOffset = 8;
const loopConfigBytes = 304;
const shutdownRequest = 0x8004587d;
/** What the kernel still holds, its journal included, is not written. */
const shutdownNoLogFlush = 2;
const atWorkingFolder = -100;

const numbers: Readonly<Record<string, { readonly [call: string]: number }>> = {
  x64: { lseek: 8, mount: 165, umount2: 166, mknodat: 259, fallocate: 285 },
  arm64: { lseek: 62, mount: 40, umount2: 39, mknodat: 33, fallocate: 47 },
};

export class KernelError extends Error {
  override readonly name = 'KernelError';
  readonly number: number;

  constructor(message: string, number: number) {
    super(message);
    this.number = number;
  }
}

export const errorNumbers = { noSuchAddress: 6, busy: 16, noSpace: 28 } as const;
/** Where the file goes on with bytes, and where with a hole. */
const seekData = 3;
const seekHole = 4;

export class KernelCalls {
  readonly #perl: ChildProcess;
  readonly #waiting: ((answer: string) => void)[] = [];

  constructor(script: string) {
    this.#perl = spawn('perl', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#perl.on('error', (error) => this.#giveUp(error.message));
    this.#perl.on('exit', (code) => this.#giveUp(`perl has ended with code ${code}`));
    if (this.#perl.stdout === null) throw new Error('perl has no output');
    createInterface({ input: this.#perl.stdout }).on('line', (line) => {
      this.#waiting.shift()?.(line);
    });
  }

  open(path: string): Promise<Handle> {
    return this.#ask(`open ${path}`, ['sysopen', path, `${readWrite}`]);
  }

  create(path: string): Promise<Handle> {
    return this.#ask(`create ${path}`, ['sysopen', path, `${readWrite | createNew}`]);
  }

  async close(handle: Handle): Promise<void> {
    await this.#ask('close', ['close', `${handle}`]);
  }

  /** The number of a loop device that is free at this moment. */
  async freeLoopDevice(control: Handle): Promise<number> {
    const words = ['ioctl', `${control}`, `${loopControlGetFree}`, 'i:0'];
    return this.#ask('find a free loop device', words);
  }

  /**
   * The device becomes the file, and free again when nobody has it open or mounted any more: no
   * one has to detach it.
   */
  async attachLoop(device: Handle, image: Handle): Promise<void> {
    const config = Buffer.alloc(loopConfigBytes);
    config.writeUInt32LE(await this.#fileNumber(image), 0);
    config.writeUInt32LE(loopAutoclear, loopInfoOffset + 52);
    const words = ['ioctl', `${device}`, `${loopConfigure}`, `h:${config.toString('hex')}`];
    await this.#ask('attach a loop device', words);
  }

  /** From now on every read and write of the file system fails, and nothing more is written. */
  async shutDown(folder: Handle): Promise<void> {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(shutdownNoLogFlush);
    const words = ['ioctl', `${folder}`, `${shutdownRequest}`, `h:${flags.toString('hex')}`];
    await this.#ask('shut the file system down', words);
  }

  /** Also a folder, which cannot be opened to be written. */
  openToRead(path: string): Promise<Handle> {
    return this.#ask(`open ${path}`, ['sysopen', path, '0']);
  }

  async mount(device: string, folder: string, options: string): Promise<void> {
    const words = [`s:${device}`, `s:${folder}`, 's:ext4', 'i:0', `s:${options}`];
    await this.#call(`mount ${device}`, 'mount', words);
  }

  async unmount(folder: string): Promise<void> {
    await this.#call(`unmount ${folder}`, 'umount2', [`s:${folder}`, 'i:0']);
  }

  /** A block device, in the place of a file. */
  async makeBlockDevice(path: string, major: number, minor: number): Promise<void> {
    const mode = 0o060_600;
    const words = [atWorkingFolder, mode, (major << 8) | minor].map((each) => `i:${each}`);
    await this.#call(`make ${path}`, 'mknodat', [words[0] ?? '', `s:${path}`, ...words.slice(1)]);
  }

  /** Takes so many bytes of the disk without writing them. */
  async allocate(file: Handle, offset: number, bytes: number): Promise<void> {
    const number = await this.#fileNumber(file);
    const words = [number, 0, offset, bytes].map((each) => `i:${each}`);
    await this.#call('allocate', 'fallocate', words);
  }

  /** The next piece of a file that is no hole; null when there is none from there on. */
  async nextPiece(
    file: Handle,
    from: number,
  ): Promise<{ readonly start: number; readonly end: number } | null> {
    const number = await this.#fileNumber(file);
    const seek = (offset: number, whence: number): Promise<number> =>
      this.#call('seek', 'lseek', [`i:${number}`, `i:${offset}`, `i:${whence}`]);
    try {
      const start = await seek(from, seekData);
      return { start, end: await seek(start, seekHole) };
    } catch (error) {
      const isEnd = error instanceof KernelError && error.number === errorNumbers.noSuchAddress;
      if (isEnd) return null;
      throw error;
    }
  }

  #fileNumber(handle: Handle): Promise<number> {
    return this.#ask('number a file', ['fileno', `${handle}`]);
  }

  #call(what: string, name: string, words: readonly string[]): Promise<number> {
    const number = numbers[process.arch]?.[name];
    if (number === undefined) throw new Error(`${name} has no number for ${process.arch}`);
    return this.#ask(what, ['syscall', `${number}`, ...words]);
  }

  #ask(what: string, words: readonly string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push((answer) => {
        const [kind, value, text] = answer.split('\t');
        if (kind === 'ok') resolve(Number(value));
        else reject(new KernelError(`${what}: ${text ?? answer}`, Number(value)));
      });
      this.#perl.stdin?.write(`${words.join('\t')}\n`);
    });
  }

  #giveUp(why: string): void {
    for (const answer of this.#waiting.splice(0)) answer(`error\t0\t${why}`);
  }
}
