/**
 * A file read through a window: recovery reads on and on in small pieces, the disk in large ones.
 *
 * Synchronous, as recovery is. What it hands out is valid for good: a window is never overwritten.
 */
import type { Disk } from './disk.ts';

const windowBytes = 1024 * 1024;

export class FileWindow {
  readonly size: number;
  readonly #disk: Disk;
  readonly #file: string;
  #start = 0;
  #window: Buffer = Buffer.alloc(0);

  constructor(disk: Disk, file: string, size: number) {
    this.#disk = disk;
    this.#file = file;
    this.size = size;
  }

  /** Exactly these bytes; the range must lie within the file. Throws DiskError. */
  bytes(offset: number, length: number): Buffer {
    const held = offset >= this.#start && offset + length <= this.#start + this.#window.length;
    if (!held) this.#load(offset, length);
    const from = offset - this.#start;
    const bytes = this.#window.subarray(from, from + length);
    if (bytes.length !== length) {
      throw new RangeError(`${this.#file}: ${length} bytes at ${offset} of ${this.size}`);
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

  #load(offset: number, length: number): void {
    const wanted = Math.min(Math.max(length, windowBytes), this.size - offset);
    const parts: Uint8Array[] = [];
    let read = 0;
    while (read < wanted) {
      const part = this.#disk.readSync(this.#file, offset + read, wanted - read);
      if (part.length === 0) break;
      parts.push(part);
      read += part.length;
    }
    this.#start = offset;
    this.#window = Buffer.concat(parts);
  }
}
