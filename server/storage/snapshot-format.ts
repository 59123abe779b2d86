/**
 * The bytes of a snapshot file: a header with what the snapshot says of itself, pieces of the state
 * machine's, a footer. What is written here is read by snapshot-parser.ts.
 *
 * Each checksum goes on from the one before it and never covers a stored checksum (a CRC over data
 * and its own CRC is the same number for all data). The last one, in the footer, is therefore that
 * of the whole file, and every other byte of the file is known from what it covers.
 */
import { crc32 } from 'node:zlib';
import { parseCount, ShapeError } from '../entry-codec.ts';
import { narrowConfigurationAt } from '../raft/configuration.ts';
import type { SnapshotMeta } from '../raft/entry.ts';
import { InvariantError } from '../raft/invariant-error.ts';

// Header: magic, version, length of the meta data, meta data (JSON, for a person's eyes), checksum.
export const magic: Buffer = Buffer.from('raftsnap', 'latin1');
export const formatVersion = 1;
export const headerStartBytes = 16;
export const checksumBytes = 4;

/** Of the meta data: it grows with the members only. */
export const metaBytesMax: number = 1024 * 1024;

// Piece: length, checksum, bytes. A length of zero begins the footer: length of the file, checksum.
export const pieceHeaderBytes = 8;
export const pieceBytesMax: number = 1024 * 1024;
export const footerBytes = 16;

export const snapshotBytesMin: number = headerStartBytes + checksumBytes + footerBytes;
/** More than any server can hold in memory: a size beyond it is a lie. */
export const snapshotBytesMax: number = 64 * 1024 * 1024 * 1024;

/** Makes the bytes of one file, in their order. */
export class SnapshotEncoder {
  readonly header: Uint8Array;
  #checksum: number;
  #fileBytes: number;

  constructor(meta: SnapshotMeta) {
    const { lastIncludedIndex, lastIncludedTerm, configuration } = meta;
    const json = Buffer.from(
      JSON.stringify({ lastIncludedIndex, lastIncludedTerm, configuration }),
    );
    if (json.length > metaBytesMax) {
      throw new InvariantError('the members of a cluster fit into the head of a snapshot', {
        bytes: json.length,
        lastIncludedIndex,
      });
    }
    const start = Buffer.alloc(headerStartBytes);
    start.set(magic, 0);
    start.writeUInt32LE(formatVersion, 8);
    start.writeUInt32LE(json.length, 12);
    this.#checksum = crc32(json, crc32(start));
    this.header = Buffer.concat([start, json, uint32(this.#checksum)]);
    this.#fileBytes = this.header.length;
  }

  /** Of what has been made so far. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** The file's, once the footer has been made. */
  get checksum(): number {
    return this.#checksum;
  }

  /** As one piece or more: a long one is cut. */
  encodePiece(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let from = 0; from < bytes.length; from += pieceBytesMax) {
      const part = bytes.subarray(from, from + pieceBytesMax);
      this.#checksum = pieceChecksum(part, this.#checksum);
      parts.push(uint32(part.length), uint32(this.#checksum), part);
    }
    const encoded = Buffer.concat(parts);
    this.#fileBytes += encoded.length;
    return encoded;
  }

  encodeFooter(): Uint8Array {
    this.#fileBytes += footerBytes;
    this.#checksum = footerChecksum(this.#fileBytes, this.#checksum);
    const footer = Buffer.alloc(footerBytes);
    footer.writeBigUInt64LE(BigInt(this.#fileBytes), 4);
    footer.writeUInt32LE(this.#checksum, 12);
    return footer;
  }
}

export function pieceChecksum(bytes: Uint8Array, before: number): number {
  return crc32(bytes, crc32(uint32(bytes.length), before));
}

export function footerChecksum(fileBytes: number, before: number): number {
  const covered = Buffer.alloc(12);
  covered.writeBigUInt64LE(BigInt(fileBytes), 4);
  return crc32(covered, before);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Throws ShapeError. */
export function parseMeta(json: Uint8Array): SnapshotMeta {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(json));
  } catch {
    throw new ShapeError('its meta data are not JSON');
  }
  if (typeof value !== 'object' || value === null) throw new ShapeError('it has no meta data');
  const fields = value as Record<string, unknown>;
  const lastIncludedIndex = parseCount(fields['lastIncludedIndex'], 'lastIncludedIndex');
  const lastIncludedTerm = parseCount(fields['lastIncludedTerm'], 'lastIncludedTerm');
  const configuration = narrowConfigurationAt(fields['configuration']);
  if (configuration === null || configuration.index > lastIncludedIndex) {
    throw new ShapeError('its meta data hold no configuration of its time');
  }
  return { lastIncludedIndex, lastIncludedTerm, configuration };
}

const numberDigits = 16;
const finalName = /^snapshot-(\d{16})-(\d{16})$/;
const temporaryName = /^snapshot-\d{16}-\d{16}\.(writing|receiving)-\d+$/;

type SnapshotId = Pick<SnapshotMeta, 'lastIncludedIndex' | 'lastIncludedTerm'>;

/** Names sort as the indexes do. */
export function snapshotFileName({ lastIncludedIndex, lastIncludedTerm }: SnapshotId): string {
  const pad = (value: number): string => String(value).padStart(numberDigits, '0');
  return `snapshot-${pad(lastIncludedIndex)}-${pad(lastIncludedTerm)}`;
}

export function temporaryFileName(
  id: SnapshotId,
  purpose: 'writing' | 'receiving',
  count: number,
): string {
  return `${snapshotFileName(id)}.${purpose}-${count}`;
}

/** Null: not the name of a whole snapshot. */
export function parseSnapshotFileName(file: string): SnapshotId | null {
  const [, index, term] = finalName.exec(file) ?? [];
  if (index === undefined || term === undefined) return null;
  return { lastIncludedIndex: Number(index), lastIncludedTerm: Number(term) };
}

/** What a process that died may have left behind. */
export function isTemporarySnapshotFile(file: string): boolean {
  return temporaryName.test(file);
}
