/**
 * A segment of the write-ahead log: its name, its header, how it comes into being.
 *
 * It is made under another name and renamed when header and size are durable. So a segment that is
 * there has a whole header and the size that its header tells: anything else is damage, not a
 * crash.
 */
import { crc32 } from 'node:zlib';
import { parseText, ShapeError } from '../entry-codec.ts';
import type { Random } from '../host.ts';
import type { EntryId, HardState } from '../raft/entry.ts';
import type { Disk, Done } from './disk.ts';
import { runInOrder } from './disk-steps.ts';
import { align } from './wal-record.ts';

export interface SegmentHeader {
  readonly marker: number;
  readonly sequence: number;
  /** Bytes of the file from its creation on: it is written into, it never grows. */
  readonly size: number;
  /** Checksum of the record that closes the segment before; 0 in the first of all. */
  readonly previous: number;
  /** Where log and hard state stand at its begin: segments before it may have been removed. */
  readonly lastEntry: EntryId;
  readonly hardState: HardState;
}

/** A segment that is being made; one that a crash left behind means nothing. */
export const unfinishedFile = 'wal.tmp';

export function segmentFile(sequence: number): string {
  return `wal-${String(sequence).padStart(8, '0')}`;
}

/** The sequence, or null for a file that is no segment. */
export function parseSegmentFile(file: string): number | null {
  const digits = /^wal-(\d{8,15})$/.exec(file)?.[1];
  if (digits === undefined || segmentFile(Number(digits)) !== file) return null;
  return Number(digits);
}

// magic with version 8 | marker 4 | size 4 | sequence 8 | last entry's index 8 and term 8 |
// currentTerm 8 | previous 4 | length of votedFor 4 | votedFor | checksum 4 | padding
const magic = Buffer.from('raftwal\x02', 'latin1');
const headerFixedBytes = 56;
const checksumBytes = 4;
const nameBytesMax = 4096;

export function segmentHeaderBytes(header: Pick<SegmentHeader, 'hardState'>): number {
  const { votedFor } = header.hardState;
  return headerBytes(votedFor === null ? 0 : Buffer.byteLength(votedFor));
}

function headerBytes(nameBytes: number): number {
  return align(headerFixedBytes + nameBytes + checksumBytes);
}

/** Throws RangeError for a name or size that it has no room for. */
export function encodeSegmentHeader(header: SegmentHeader): {
  readonly bytes: Buffer;
  readonly checksum: number;
} {
  const { marker, sequence, size, previous, lastEntry, hardState } = header;
  const name = Buffer.from(hardState.votedFor ?? '');
  if (name.length > nameBytesMax) throw new RangeError(`an id of ${name.length} bytes is too long`);
  const bytes = Buffer.alloc(headerBytes(name.length));
  bytes.set(magic, 0);
  bytes.writeUInt32LE(marker, 8);
  bytes.writeUInt32LE(size, 12);
  bytes.writeDoubleLE(sequence, 16);
  bytes.writeDoubleLE(lastEntry.index, 24);
  bytes.writeDoubleLE(lastEntry.term, 32);
  bytes.writeDoubleLE(hardState.currentTerm, 40);
  bytes.writeUInt32LE(previous, 48);
  bytes.writeUInt32LE(name.length, 52);
  bytes.set(name, headerFixedBytes);
  const end = headerFixedBytes + name.length;
  const checksum = crc32(bytes.subarray(0, end));
  bytes.writeUInt32LE(checksum, end);
  return { bytes, checksum };
}

export interface ParsedHeader {
  readonly header: SegmentHeader;
  /** The first record's offset, and what it continues. */
  readonly bytes: number;
  readonly checksum: number;
}

/** From the first bytes of a file. Throws ShapeError. */
export function parseSegmentHeader(bytes: Buffer): ParsedHeader {
  if (bytes.length < headerFixedBytes) throw new ShapeError('the header is cut off');
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new ShapeError('it does not begin as a segment of this version does');
  }
  const nameBytes = bytes.readUInt32LE(52);
  const end = headerFixedBytes + nameBytes;
  if (nameBytes > nameBytesMax || headerBytes(nameBytes) > bytes.length) {
    throw new ShapeError('the header is damaged: the length of an id');
  }
  const checksum = crc32(bytes.subarray(0, end));
  if (bytes.readUInt32LE(end) !== checksum) {
    throw new ShapeError('the header is damaged: its checksum does not hold');
  }
  if (bytes.subarray(end + checksumBytes, headerBytes(nameBytes)).some((byte) => byte !== 0)) {
    throw new ShapeError('the header is damaged: its padding is not zero');
  }
  const name = parseText(bytes.subarray(headerFixedBytes, end), 'votedFor');
  const header: SegmentHeader = {
    marker: bytes.readUInt32LE(8),
    size: bytes.readUInt32LE(12),
    sequence: bytes.readDoubleLE(16),
    lastEntry: { index: bytes.readDoubleLE(24), term: bytes.readDoubleLE(32) },
    hardState: { currentTerm: bytes.readDoubleLE(40), votedFor: name === '' ? null : name },
    previous: bytes.readUInt32LE(48),
  };
  return { header, bytes: headerBytes(nameBytes), checksum };
}

/** The longest that a header can be. */
export const headerBytesMax: number = headerBytes(nameBytesMax);

/** Not zero, and its complement neither: zeros are no record and no mark. */
export function drawMarker(random: Random): number {
  return 1 + Math.floor(random.next() * 0xffff_fffe);
}

/** Durable under its name when done. Returns the header's checksum. */
export function createSegment(disk: Disk, header: SegmentHeader, done: Done): number {
  const { bytes, checksum } = encodeSegmentHeader(header);
  const steps = [
    (stepDone: Done) => disk.writeAt(unfinishedFile, 0, bytes, stepDone),
    // The room is not reserved by it, the size is known for good: a file that was cut off shows.
    (stepDone: Done) => disk.truncate(unfinishedFile, header.size, stepDone),
    (stepDone: Done) => disk.sync(unfinishedFile, stepDone),
    (stepDone: Done) => disk.rename(unfinishedFile, segmentFile(header.sequence), stepDone),
    (stepDone: Done) => disk.syncDirectory(stepDone),
  ];
  runInOrder(steps, done);
  return checksum;
}
