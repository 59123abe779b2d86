/**
 * A record of the write-ahead log as bytes: what one fdatasync makes durable.
 *
 *   marker 4 | payload length 4 | previous 4 | checksum 4 | payload, a multiple of 8 | mark 8
 *
 * The checksum covers the place (marker and number of the segment, offset), the checksum of the
 * record before (`previous`) and the payload: a record that is lost, doubled, swapped or copied
 * from elsewhere breaks the chain. The mark is zero until the record is known to be durable; it
 * can be written later without a sync, and then tells a damaged record from one that a crash tore.
 */
import { crc32 } from 'node:zlib';
import {
  CountReader,
  CountWriter,
  entriesBytesMax,
  entryIdBytesMax,
  hardStateBytesMax,
  readEntries,
  readEntryId,
  readHardState,
  ShapeError,
  writeEntries,
  writeEntryId,
  writeHardState,
} from '../entry-codec.ts';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';

/** What a record holds: the writes of Raft in their order. */
export interface WalWrite {
  readonly hardState: HardState | null;
  /**
   * The log begins behind this entry: entries up to it are void, and all others too unless the log
   * holds it. [Fig. 13]
   */
  readonly snapshot: EntryId | null;
  /** Contiguous. Earlier entries at or beyond the first one's index are void. */
  readonly entries: readonly Entry[];
}

/** As it lies on disk. */
export interface LoggedWrite extends WalWrite {
  /** The log did not hold the snapshot's last entry. Segments that could show it may be gone. */
  readonly voidsAll: boolean;
}

/** Where a record stands, and what it continues. */
export interface RecordPlace {
  /** Drawn for each segment, so that no value that a client stores can look like a record. */
  readonly marker: number;
  readonly sequence: number;
  readonly offset: number;
  /** Checksum of the record before, or of the segment's header. */
  readonly previous: number;
}

export const recordAlignment = 8;
export const recordHeaderBytes = 16;
export const markBytes = 8;

// What a write holds. They lie in logs on disk and never change their meaning; zero is padding.
const holdsHardState = 1;
const holdsSnapshot = 2;
const holdsEntries = 4;
const voidsAll = 8;
const known = holdsHardState + holdsSnapshot + holdsEntries + voidsAll;
/** Stands alone: the log goes on in the next segment. */
const closes = 128;

export const closeRecordBytes: number = recordHeaderBytes + recordAlignment + markBytes;

/** Still without place, see sealRecord. */
export function encodeRecord(writes: readonly LoggedWrite[]): Buffer {
  let room = recordHeaderBytes + recordAlignment + markBytes;
  for (const { hardState, entries } of writes) {
    room += 1 + entryIdBytesMax + entriesBytesMax(entries);
    if (hardState !== null) room += hardStateBytesMax(hardState);
  }
  const record = Buffer.allocUnsafe(room);
  const writer = new CountWriter(record, recordHeaderBytes);
  for (const write of writes) encodeWrite(writer, write);
  return finishRecord(record, writer);
}

/** The last record of a segment that has a successor; still without place. */
export function encodeCloseRecord(): Buffer {
  const record = Buffer.allocUnsafe(closeRecordBytes);
  const writer = new CountWriter(record, recordHeaderBytes);
  writer.byte(closes);
  return finishRecord(record, writer);
}

function finishRecord(record: Buffer, writer: CountWriter): Buffer {
  const end = align(writer.offset) + markBytes;
  record.fill(0, writer.offset, end);
  record.writeUInt32LE(end - markBytes - recordHeaderBytes, 4);
  return record.subarray(0, end);
}

function encodeWrite(writer: CountWriter, write: LoggedWrite): void {
  const { hardState, snapshot, entries } = write;
  const holds =
    (hardState === null ? 0 : holdsHardState) +
    (snapshot === null ? 0 : holdsSnapshot) +
    (entries.length === 0 ? 0 : holdsEntries) +
    (write.voidsAll ? voidsAll : 0);
  if (holds === 0) return;
  writer.byte(holds);
  if (hardState !== null) writeHardState(writer, hardState);
  if (snapshot !== null) writeEntryId(writer, snapshot);
  if (entries.length > 0) writeEntries(writer, entries);
}

/** Gives the record its place. Returns its checksum: the next record's `previous`. */
export function sealRecord(record: Buffer, place: RecordPlace): number {
  const payload = record.subarray(recordHeaderBytes, record.length - markBytes);
  const checksum = recordChecksum(payload, place);
  record.writeUInt32LE(place.marker, 0);
  record.writeUInt32LE(place.previous, 8);
  record.writeUInt32LE(checksum, 12);
  return checksum;
}

/** What stands before the payload, or null when that can be no record of this segment. */
export function parseRecordHeader(
  header: Buffer,
  marker: number,
): { readonly length: number; readonly previous: number; readonly checksum: number } | null {
  const length = header.readUInt32LE(4);
  if (header.readUInt32LE(0) !== marker || length % recordAlignment !== 0) return null;
  return { length, previous: header.readUInt32LE(8), checksum: header.readUInt32LE(12) };
}

export function recordChecksum(payload: Uint8Array, place: RecordPlace): number {
  return crc32(payload, placeChecksum(place, payload.length, place.previous));
}

/** Says at its place that the record which ends there is durable. */
export function encodeMark(place: Omit<RecordPlace, 'previous'>): Buffer {
  const mark = Buffer.alloc(markBytes);
  mark.writeUInt32LE(markNeedle(place.marker), 0);
  mark.writeUInt32LE(placeChecksum(place, markBytes, 0), 4);
  return mark;
}

/** How the mark of a record of this segment begins. */
export function markNeedle(marker: number): number {
  return ~marker >>> 0;
}

// Used within one call only.
const placeScratch: Buffer = Buffer.alloc(28);

function placeChecksum(
  { marker, sequence, offset }: Omit<RecordPlace, 'previous'>,
  length: number,
  previous: number,
): number {
  placeScratch.writeUInt32LE(marker, 0);
  placeScratch.writeDoubleLE(sequence, 4);
  placeScratch.writeDoubleLE(offset, 12);
  placeScratch.writeUInt32LE(length, 20);
  placeScratch.writeUInt32LE(previous, 24);
  return crc32(placeScratch);
}

/** The writes of a record, or that it closes its segment. Throws ShapeError. */
export function parsePayload(payload: Buffer): readonly LoggedWrite[] | 'close' {
  const reader = new CountReader(payload);
  const writes: LoggedWrite[] = [];
  while (reader.left > 0) {
    const holds = reader.byte('what a write holds');
    if (holds === closes && writes.length === 0) return 'close';
    if (holds === 0) {
      if (reader.left >= recordAlignment) throw new ShapeError('a record ends before its end');
      break;
    }
    if ((holds & ~known) !== 0) throw new ShapeError(`a write holds ${holds}`);
    writes.push({
      hardState: (holds & holdsHardState) === 0 ? null : readHardState(reader),
      snapshot: (holds & holdsSnapshot) === 0 ? null : readEntryId(reader),
      entries: (holds & holdsEntries) === 0 ? [] : readEntries(reader),
      voidsAll: (holds & voidsAll) !== 0,
    });
  }
  return writes;
}

export function align(offset: number): number {
  return Math.ceil(offset / recordAlignment) * recordAlignment;
}
