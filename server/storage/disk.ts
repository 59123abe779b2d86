/**
 * The disk as the server sees it: a flat folder of files.
 *
 * What runs while the server serves takes a callback, so that the real disk never blocks the event
 * loop and the simulated one stays on virtual time without a promise. What runs before it serves
 * (recovery) is synchronous. Durable is only what `sync` (contents) or `syncDirectory` (names) saw.
 */

/** Called exactly once, never before the call that took it has returned. */
export type Done = (error: DiskError | null) => void;

/** An operation of the disk failed. */
export class DiskError extends Error {
  override readonly name = 'DiskError';
  /** The system's code, such as EIO or ENOSPC. */
  readonly code: string;
  readonly file: string;
  constructor(code: string, file: string, message: string) {
    super(message);
    this.code = code;
    this.file = file;
  }
}

export interface Disk {
  /** File names, sorted. Throws DiskError. */
  list(): readonly string[];
  /** Bytes. Throws DiskError. */
  size(file: string): number;
  /** At most `length` bytes from `offset`; fewer at the end. Throws DiskError. */
  readSync(file: string, offset: number, length: number): Uint8Array;

  read(
    file: string,
    offset: number,
    length: number,
    done: (error: DiskError | null, bytes: Uint8Array) => void,
  ): void;
  /** Creates the file when it is not there. Appends of one file keep their order. */
  append(file: string, bytes: Uint8Array, done: Done): void;
  /** Creates the file when it is not there. */
  writeAt(file: string, offset: number, bytes: Uint8Array, done: Done): void;
  truncate(file: string, length: number, done: Done): void;
  /** fdatasync: what was written to this file before the call is durable afterwards. */
  sync(file: string, done: Done): void;
  rename(from: string, to: string, done: Done): void;
  remove(file: string, done: Done): void;
  /** Makes creations, renames and removals durable. */
  syncDirectory(done: Done): void;
}
