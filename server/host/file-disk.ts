/**
 * The real disk: one folder, its files kept open.
 *
 * It does what it is told and reports what the system says; what must be synced when is known to
 * those who use it. Nobody else writes to the folder (folder-lock.ts), so sizes are kept in memory.
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncate,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  rename,
  statSync,
  unlink,
  write,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Disk, DiskError, type Done } from '../storage/disk.ts';
import { lockFile } from './folder-lock.ts';

/** Told of each sync of a file: how long it took. */
export type SyncObserver = (durationMs: number) => void;

/**
 * So much is copied to the system's memory at once, in this thread. Measured (8 KiB, then
 * fdatasync): the way through the pool of threads costs 0.1 ms of 0.3 ms and a third of the
 * processor time, the copy itself 0.01 ms. Syncs wait for the device and always go to the pool.
 */
const writtenAtOnceBytesMax = 128 * 1024;

interface OpenFile {
  readonly fd: number;
  size: number;
}

/** Creates the folder when it is not there. Throws DiskError. */
export function openFileDisk(folder: string, onSync?: SyncObserver): FileDisk {
  return new FileDisk(resolve(folder), onSync);
}

export class FileDisk implements Disk {
  readonly #folder: string;
  readonly #folderFd: number;
  readonly #open = new Map<string, OpenFile>();
  readonly #onSync: SyncObserver;

  constructor(folder: string, onSync: SyncObserver = () => {}) {
    this.#folder = folder;
    this.#onSync = onSync;
    this.#folderFd = attempt(folder, () => {
      createFolder(folder);
      readdirSync(folder);
      return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    });
  }

  list(): readonly string[] {
    const entries = attempt('.', () => readdirSync(this.#folder, { withFileTypes: true }));
    const files = entries.filter((entry) => entry.isFile() && entry.name !== lockFile);
    return files.map(({ name }) => name).sort();
  }

  size(file: string): number {
    return attempt(file, () => statSync(join(this.#folder, file)).size);
  }

  readSync(file: string, offset: number, length: number): Uint8Array {
    const { fd } = this.#file(file);
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(
      0,
      attempt(file, () => readSync(fd, bytes, 0, length, offset)),
    );
  }

  read(
    file: string,
    offset: number,
    length: number,
    done: (error: DiskError | null, bytes: Uint8Array) => void,
  ): void {
    this.#withFile(
      file,
      (error) => done(error, Buffer.alloc(0)),
      ({ fd }) => {
        read(fd, Buffer.allocUnsafe(length), 0, length, offset, (error, count, bytes) => {
          done(toDiskError(file, error), bytes.subarray(0, count));
        });
      },
    );
  }

  append(file: string, bytes: Uint8Array, done: Done): void {
    this.#withFile(file, done, (open) => {
      const offset = open.size;
      open.size += bytes.length;
      writeAll({ fd: open.fd, file, offset }, bytes, done);
    });
  }

  writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void {
    this.#withFile(file, done, (open) => {
      open.size = Math.max(open.size, offset + bytes.length);
      writeAll({ fd: open.fd, file, offset }, bytes, done);
    });
  }

  truncate(file: string, length: number, done: Done): void {
    this.#withFile(file, done, (open) => {
      open.size = length;
      ftruncate(open.fd, length, (error) => done(toDiskError(file, error)));
    });
  }

  sync(file: string, done: Done): void {
    this.#withFile(file, done, ({ fd }) => {
      const begunMs = performance.now();
      fdatasync(fd, (error) => {
        this.#onSync(performance.now() - begunMs);
        done(toDiskError(file, error));
      });
    });
  }

  rename(from: string, to: string, done: Done): void {
    this.#close(from);
    this.#close(to);
    rename(join(this.#folder, from), join(this.#folder, to), (error) => {
      done(toDiskError(from, error));
    });
  }

  remove(file: string, done: Done): void {
    this.#close(file);
    unlink(join(this.#folder, file), (error) => done(toDiskError(file, error)));
  }

  syncDirectory(done: Done): void {
    fsync(this.#folderFd, (error) => done(toDiskError('.', error)));
  }

  close(): void {
    for (const file of [...this.#open.keys()]) this.#close(file);
    closeSync(this.#folderFd);
  }

  #file(file: string): OpenFile {
    const known = this.#open.get(file);
    if (known !== undefined) return known;
    return attempt(file, () => {
      const fd = openSync(join(this.#folder, file), constants.O_RDWR | constants.O_CREAT, 0o600);
      const open = { fd, size: fstatSync(fd).size };
      this.#open.set(file, open);
      return open;
    });
  }

  /** A file that can not be opened fails the operation as any other trouble does: later. */
  #withFile(file: string, failed: Done, use: (open: OpenFile) => void): void {
    let open: OpenFile;
    try {
      open = this.#file(file);
    } catch (error) {
      const failure = toDiskError(file, error);
      queueMicrotask(() => failed(failure));
      return;
    }
    use(open);
  }

  #close(file: string): void {
    const open = this.#open.get(file);
    if (open === undefined) return;
    this.#open.delete(file);
    closeSync(open.fd);
  }
}

interface Place {
  readonly fd: number;
  readonly file: string;
  readonly offset: number;
}

/** The system may write less than it was given. */
function writeAll(place: Place, bytes: Uint8Array, done: Done): void {
  if (bytes.length <= writtenAtOnceBytesMax) writeAtOnce(place, bytes, done);
  else writeByPool(place, bytes, done);
}

function writeAtOnce({ fd, file, offset }: Place, bytes: Uint8Array, done: Done): void {
  let failure: DiskError | null = null;
  try {
    for (let count = 0; count < bytes.length; ) {
      count += writeSync(fd, bytes, count, bytes.length - count, offset + count);
    }
  } catch (error) {
    failure = toDiskError(file, error);
  }
  queueMicrotask(() => done(failure));
}

function writeByPool(place: Place, bytes: Uint8Array, done: Done): void {
  const { fd, file, offset } = place;
  write(fd, bytes, 0, bytes.length, offset, (error, count) => {
    if (error !== null) done(toDiskError(file, error));
    else if (count === bytes.length) done(null);
    else writeByPool({ fd, file, offset: offset + count }, bytes.subarray(count), done);
  });
}

/** Durably, with its parents. Not by `recursive`, with which Node 24 never returns below /proc. */
function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) createFolder(parent);
  mkdirSync(folder);
  syncFolder(parent);
}

function syncFolder(folder: string): void {
  const fd = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw toDiskError(file, error) ?? error;
  }
}

/** Null for no error. */
export function toDiskError(file: string, error: unknown): DiskError | null {
  if (error === null || error === undefined) return null;
  if (error instanceof DiskError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO';
  return new DiskError(code, file, error instanceof Error ? error.message : String(error));
}
