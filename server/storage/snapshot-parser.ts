/**
 * Reads a snapshot file, however it is cut, and hands on what is in it only once it is verified.
 *
 * It holds one piece at most. A file passes only as a whole: who has been handed pieces may trust
 * them one by one, but not that they are all, until `finish` has returned.
 */
import { crc32 } from 'node:zlib';
import { ShapeError } from '../entry-codec.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import {
  checksumBytes,
  footerBytes,
  footerChecksum,
  formatVersion,
  headerStartBytes,
  magic,
  metaBytesMax,
  parseMeta,
  pieceBytesMax,
  pieceChecksum,
  pieceHeaderBytes,
} from './snapshot-format.ts';
import type { SnapshotSink, StoredSnapshot } from './snapshot-store.ts';

/** A snapshot is damaged. The log before it may be gone: the server must not go on without it. */
export class SnapshotCorruptionError extends Error {
  override readonly name = 'SnapshotCorruptionError';
  readonly file: string;
  readonly offset: number;
  /** What is wrong, without what to do. */
  readonly what: string;
  constructor(file: string, offset: number, what: string) {
    super(
      `${file} is corrupt at byte ${offset}: ${what}; the log that it replaces is gone, so ` +
        'nothing can be done without it: restore the data directory from a copy, or remove ' +
        'this node from the cluster and add it under a new id with an empty data directory',
    );
    this.file = file;
    this.offset = offset;
    this.what = what;
  }
}

type Part = 'header' | 'pieces' | 'end';

export class SnapshotParser {
  readonly #file: string;
  readonly #sink: SnapshotSink | null;
  #part: Part = 'header';
  /** What came and is not read yet; it begins at #offset of the file. */
  #held: Buffer = Buffer.alloc(0);
  #offset = 0;
  #checksum = 0;
  #meta: SnapshotMeta | null = null;

  /** `sink` may be null: then it only verifies. */
  constructor(file: string, sink: SnapshotSink | null) {
    this.#file = file;
    this.#sink = sink;
  }

  /** Null until the header has been read. */
  get meta(): SnapshotMeta | null {
    return this.#meta;
  }

  /** The next bytes of the file. Throws SnapshotCorruptionError. */
  push(bytes: Uint8Array): void {
    const added = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#held = this.#held.length === 0 ? added : Buffer.concat([this.#held, added]);
    while (this.#readPart());
  }

  /** Nothing more comes. Throws SnapshotCorruptionError. */
  finish(): StoredSnapshot {
    const meta = this.#meta;
    if (this.#part !== 'end' || meta === null) {
      const end = this.#offset + this.#held.length;
      throw this.#corrupt(0, `what begins here is not whole, the file ends at byte ${end}`);
    }
    return { meta, fileBytes: this.#offset, fileChecksum: this.#checksum };
  }

  /** False: there is too little to go on. */
  #readPart(): boolean {
    switch (this.#part) {
      case 'header':
        return this.#readHeader();
      case 'pieces':
        return this.#readPiece();
      case 'end':
        if (this.#held.length > 0) throw this.#corrupt(0, 'something follows the footer');
        return false;
    }
  }

  #readHeader(): boolean {
    if (this.#held.length < headerStartBytes) return false;
    if (this.#held.compare(magic, 0, magic.length, 0, magic.length) !== 0) {
      throw this.#corrupt(0, 'it does not begin as a snapshot does');
    }
    const version = this.#held.readUInt32LE(8);
    const metaBytes = this.#held.readUInt32LE(12);
    if (metaBytes > metaBytesMax) throw this.#corrupt(12, `meta data of ${metaBytes} bytes`);
    const end = headerStartBytes + metaBytes;
    if (this.#held.length < end + checksumBytes) return false;
    this.#checksum = crc32(this.#held.subarray(0, end));
    this.#checkChecksum(end, 'the header');
    if (version !== formatVersion) {
      throw this.#corrupt(8, `its format ${version} is not known to this version of the server`);
    }
    this.#meta = this.#narrowing(() => parseMeta(this.#held.subarray(headerStartBytes, end)));
    this.#part = 'pieces';
    this.#skip(end + checksumBytes);
    return true;
  }

  #readPiece(): boolean {
    if (this.#held.length < pieceHeaderBytes) return false;
    const length = this.#held.readUInt32LE(0);
    if (length === 0) return this.#readFooter();
    if (length > pieceBytesMax) throw this.#corrupt(0, `a piece of ${length} bytes`);
    const end = pieceHeaderBytes + length;
    if (this.#held.length < end) return false;
    const piece = this.#held.subarray(pieceHeaderBytes, end);
    this.#checksum = pieceChecksum(piece, this.#checksum);
    this.#checkChecksum(4, 'a piece');
    this.#narrowing(() => this.#sink?.push(piece));
    this.#skip(end);
    return true;
  }

  #readFooter(): boolean {
    if (this.#held.length < footerBytes) return false;
    const fileBytes = Number(this.#held.readBigUInt64LE(4));
    const end = this.#offset + footerBytes;
    if (fileBytes !== end) {
      throw this.#corrupt(4, `its footer tells of ${fileBytes} bytes and ends at ${end}`);
    }
    this.#checksum = footerChecksum(fileBytes, this.#checksum);
    this.#checkChecksum(12, 'the footer');
    this.#part = 'end';
    this.#skip(footerBytes);
    return true;
  }

  #checkChecksum(position: number, what: string): void {
    if (this.#held.readUInt32LE(position) === this.#checksum) return;
    throw this.#corrupt(0, `the checksum of ${what} does not match`);
  }

  /** The checksum holds, and yet no server can have written this. */
  #narrowing<T>(narrow: () => T): T {
    try {
      return narrow();
    } catch (error) {
      if (error instanceof ShapeError) throw this.#corrupt(0, error.message);
      throw error;
    }
  }

  #skip(bytes: number): void {
    this.#held = this.#held.subarray(bytes);
    this.#offset += bytes;
  }

  #corrupt(position: number, what: string): SnapshotCorruptionError {
    return new SnapshotCorruptionError(this.#file, this.#offset + position, what);
  }
}
