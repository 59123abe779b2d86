/**
 * A file read through a window: recovery reads on and on in small pieces, the disk in large ones.
 *
 * Synchronous, as recovery is. What it hands out is valid for good: a window is never overwritten.
 */
import type { Disk } from './disk.ts';

/** Entries stay in memory as parts of their window, so a window is about as large as it is full. */
const windowBytes = 4 * 1024 * 1024;

export class FileWindow {
  readonly file: string;
  readonly size: number;
  readonly #disk: Disk;
  #start = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(disk: Disk, file: string, size: number) {
    this.#disk = disk;
    this.file = file;
    this.size = size;
  }

  /** Exactly these bytes; the range must lie within the file. Throws DiskError. */
  bytes(offset: number, length: number): Buffer {
    const held = offset >= this.#start && offset + length <= this.#start + this.#window.length;
    if (!held) this.#load(offset, length);
    const from = offset - this.#start;
    const bytes = this.#window.subarray(from, from + length);
    if (bytes.length !== length) {
      throw new RangeError(`${this.file}: ${length} bytes at ${offset} of ${this.size}`);
    }
    return bytes;
  }

  /** Where these bytes first stand at or after `from`, or null. Throws DiskError. */
  indexOf(needle: Uint8Array, from: number): number | null {
    let offset = from;
    while (offset + needle.length <= this.size) {
      const length = Math.min(windowBytes, this.size - offset);
      const found = this.bytes(offset, length).indexOf(needle);
      if (found >= 0) return offset + found;
      // The needle may lie across the edge of the window.
      offset += length - needle.length + 1;
    }
    return null;
  }

  /** The end of the last byte at or after `from` that is not zero; `from` if all are. */
  contentEnd(from: number): number {
    let end = from;
    for (let offset = from; offset < this.size; offset += windowBytes) {
      const bytes = this.bytes(offset, Math.min(windowBytes, this.size - offset));
      if (bytes.equals(zeroWindow().subarray(0, bytes.length))) continue;
      end = offset + bytes.findLastIndex((byte) => byte !== 0) + 1;
    }
    return end;
  }

  #load(offset: number, length: number): void {
    const wanted = Math.min(Math.max(length, windowBytes), this.size - offset);
    const parts: Uint8Array[] = [];
    let read = 0;
    while (read < wanted) {
      const part = this.#disk.readSync(this.file, offset + read, wanted - read);
      if (part.length === 0) break;
      parts.push(part);
      read += part.length;
    }
    const [first] = parts;
    this.#start = offset;
    this.#window =
      first !== undefined && parts.length === 1
        ? Buffer.from(first.buffer, first.byteOffset, first.length)
        : Buffer.concat(parts);
  }
}

let zeros: Buffer | null = null;

function zeroWindow(): Buffer {
  zeros ??= Buffer.alloc(windowBytes);
  return zeros;
}
