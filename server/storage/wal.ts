/**
 * The write-ahead log: hard state and entries, made durable before anything depends on them.
 *
 * One append and one sync make one record, however many writes wait, and the next record is begun
 * only after that sync. So a bad record with a good one behind it was durable once: that is damage,
 * and it is refused. A bad record with nothing good behind it is an append that a crash tore, which
 * nobody was told of: it is cut off. wal-recovery.ts reads what this file writes.
 */
import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { encodeEntry, encodeHardState } from '../entry-codec.ts';
import type { Random } from '../host.ts';
import type { Entry, HardState } from '../raft/entry.ts';
import type { Disk, Done } from './disk.ts';

/** What a record holds: the writes of Raft in their order. */
export interface WalWrite {
  readonly hardState: HardState | null;
  /** Contiguous. Earlier entries at or beyond the first one's index are void. */
  readonly entries: readonly Entry[];
}

/** Where a log that was read ends, and how its records are marked. */
export interface WalEnd {
  readonly marker: number;
  readonly endOffset: number;
}

export const walFile = 'wal';

// File header: magic with version, marker, checksum of both. The marker is drawn for each file, so
// that no value that a client stores can look like a record.
const magic = Buffer.from('rafture\x01', 'latin1');
export const fileHeaderBytes = 16;

// Record header: marker, length of the payload, checksum of offset, length and payload.
export const recordHeaderBytes = 12;

const packr = new Packr({ useRecords: false });

export function drawMarker(random: Random): number {
  return 1 + Math.floor(random.next() * 0xffff_fffe);
}

export function encodeFileHeader(marker: number): Uint8Array {
  const header = Buffer.alloc(fileHeaderBytes);
  header.set(magic, 0);
  header.writeUInt32LE(marker, magic.length);
  const checksum = crc32(header.subarray(0, magic.length + 4));
  header.writeUInt32LE(checksum, magic.length + 4);
  return header;
}

/** The marker, or null when these bytes are not a whole header. */
export function parseFileHeader(bytes: Uint8Array): number | null {
  if (bytes.length < fileHeaderBytes) return null;
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (header.compare(magic, 0, magic.length, 0, magic.length) !== 0) return null;
  const checksum = crc32(header.subarray(0, magic.length + 4));
  if (header.readUInt32LE(magic.length + 4) !== checksum) return null;
  return header.readUInt32LE(magic.length);
}

export function encodeRecord(writes: readonly WalWrite[], end: WalEnd): Uint8Array {
  const payload = packr.pack(
    writes.map(({ hardState, entries }) => [
      hardState === null ? null : encodeHardState(hardState),
      entries.map(encodeEntry),
    ]),
  );
  const record = Buffer.allocUnsafe(recordHeaderBytes + payload.length);
  record.writeUInt32LE(end.marker, 0);
  record.writeUInt32LE(payload.length, 4);
  record.writeUInt32LE(recordChecksum(end.endOffset, payload), 8);
  record.set(payload, recordHeaderBytes);
  return record;
}

/** The offset is part of it, so that a record which landed elsewhere is not taken for one. */
export function recordChecksum(offset: number, payload: Uint8Array): number {
  const place = Buffer.allocUnsafe(12);
  place.writeDoubleLE(offset, 0);
  place.writeUInt32LE(payload.length, 8);
  return crc32(payload, crc32(place));
}

/** The end of the log that grows. Made from what recovery found. */
export class Wal {
  readonly #disk: Disk;
  readonly #marker: number;
  #endOffset: number;

  constructor(disk: Disk, end: WalEnd) {
    this.#disk = disk;
    this.#marker = end.marker;
    this.#endOffset = end.endOffset;
  }

  get endOffset(): number {
    return this.#endOffset;
  }

  /**
   * Makes the writes durable, as one record. One append at a time. After an error the log is not
   * to be used again: what a failed sync left on disk is unknown, and a second one proves nothing.
   */
  append(writes: readonly WalWrite[], done: Done): void {
    const record = encodeRecord(writes, { marker: this.#marker, endOffset: this.#endOffset });
    this.#endOffset += record.length;
    this.#disk.append(walFile, record, (error) => {
      if (error !== null) done(error);
      else this.#disk.sync(walFile, done);
    });
  }
}
