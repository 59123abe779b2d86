/**
 * Reads one segment: its header, its good records one after another, and what tells damage from a
 * torn write behind the last of them.
 */
import { ShapeError } from '../entry-codec.ts';
import type { FileWindow } from './file-window.ts';
import { WalCorruptionError } from './wal-corruption-error.ts';
import {
  encodeMark,
  type LoggedWrite,
  markBytes,
  markNeedle,
  parsePayload,
  parseRecordHeader,
  type RecordPlace,
  recordAlignment,
  recordChecksum,
  recordHeaderBytes,
} from './wal-record.ts';
import { headerBytesMax, type ParsedHeader, parseSegmentHeader } from './wal-segment.ts';

export interface FoundRecord {
  readonly offset: number;
  /** Header, payload and mark. */
  readonly length: number;
  readonly marked: boolean;
}

/** Where the good records of a segment end. */
export interface SegmentEnd {
  /** Where the next record would stand. */
  readonly place: RecordPlace;
  /** It says itself that the log goes on in the next segment. */
  readonly closed: boolean;
  readonly lastRecord: FoundRecord | null;
}

/** Throws WalCorruptionError and DiskError. */
export function readHeader(window: FileWindow, sequence: number): ParsedHeader {
  try {
    const parsed = parseSegmentHeader(window.bytes(0, Math.min(window.size, headerBytesMax)));
    const { header } = parsed;
    if (header.sequence !== sequence) {
      throw new ShapeError(`it is segment ${header.sequence} by its header`);
    }
    if (header.size !== window.size) {
      throw new ShapeError(`the file has ${window.size} bytes and was made with ${header.size}`);
    }
    return parsed;
  } catch (error) {
    if (error instanceof ShapeError) throw new WalCorruptionError(window.file, 0, error.message);
    throw error;
  }
}

/** Throws WalCorruptionError, also for what `take` refuses by a ShapeError, and DiskError. */
export function readRecords(
  window: FileWindow,
  first: RecordPlace,
  take: (write: LoggedWrite) => void,
): SegmentEnd {
  let place = first;
  let lastRecord: FoundRecord | null = null;
  for (;;) {
    const record = readRecord(window, place);
    if (record === null) return { place, closed: false, lastRecord };
    if (record.previous !== place.previous) {
      const what = 'this record does not continue the one before it';
      throw new WalCorruptionError(window.file, place.offset, what);
    }
    const closed = takeRecord(window, { record, offset: place.offset }, take);
    const { length, marked } = record;
    lastRecord = { offset: place.offset, length, marked };
    place = { ...place, offset: place.offset + length, previous: record.checksum };
    if (closed) return { place, closed, lastRecord };
  }
}

interface ReadRecord {
  readonly payload: Buffer;
  readonly length: number;
  readonly previous: number;
  readonly checksum: number;
  readonly marked: boolean;
}

/** Whether it closes the segment. */
function takeRecord(
  window: FileWindow,
  { record, offset }: { readonly record: ReadRecord; readonly offset: number },
  take: (write: LoggedWrite) => void,
): boolean {
  try {
    const writes = parsePayload(record.payload);
    if (writes === 'close') return true;
    for (const write of writes) take(write);
    return false;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    // The checksum holds, and yet no server can have written this.
    throw new WalCorruptionError(window.file, offset, error.message);
  }
}

/** A whole and undamaged record of this segment at this place, or null. */
function readRecord(window: FileWindow, place: RecordPlace): ReadRecord | null {
  const { offset } = place;
  const room = window.size - offset - recordHeaderBytes - markBytes;
  if (room < 0) return null;
  const header = parseRecordHeader(window.bytes(offset, recordHeaderBytes), place.marker);
  if (header === null || header.length > room) return null;
  const { length, previous, checksum } = header;
  const bytes = window.bytes(offset + recordHeaderBytes, length + markBytes);
  const payload = bytes.subarray(0, length);
  if (recordChecksum(payload, { ...place, previous }) !== checksum) return null;
  const markPlace = { ...place, offset: offset + recordHeaderBytes + length };
  const marked = bytes.subarray(length).equals(encodeMark(markPlace));
  return { payload, length: recordHeaderBytes + length + markBytes, previous, checksum, marked };
}

/** What proves that the record at this place was durable once, or null. */
export function findProof(
  window: FileWindow,
  place: RecordPlace,
): { readonly what: 'record' | 'mark'; readonly offset: number } | null {
  const record = find(window, place, place.marker, (at) => readRecord(window, at) !== null);
  if (record !== null) return { what: 'record', offset: record };
  const mark = find(window, place, markNeedle(place.marker), (at) => {
    if (window.size - at.offset < markBytes) return false;
    return window.bytes(at.offset, markBytes).equals(encodeMark(at));
  });
  return mark === null ? null : { what: 'mark', offset: mark };
}

function find(
  window: FileWindow,
  place: RecordPlace,
  needle: number,
  holds: (at: RecordPlace) => boolean,
): number | null {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(needle, 0);
  let offset = window.indexOf(bytes, place.offset + 1);
  while (offset !== null) {
    if (offset % recordAlignment === 0 && holds({ ...place, offset })) return offset;
    offset = window.indexOf(bytes, offset + 1);
  }
  return null;
}
