/**
 * Reads the write-ahead log at a start, and repairs the tail that a crash may have torn.
 *
 * It never guesses: a log that is damaged other than at its tail held promises (votes, entries that
 * others counted), and a server that forgot them could help to lose what was acknowledged.
 */
import { Unpackr } from 'msgpackr';
import { parseEntries, parseHardState, ShapeError } from '../entry-codec.ts';
import type { Random } from '../host.ts';
import type { Entry, HardState } from '../raft/entry.ts';
import type { Disk, Done } from './disk.ts';
import { FileWindow } from './file-window.ts';
import {
  drawMarker,
  encodeFileHeader,
  fileHeaderBytes,
  parseFileHeader,
  recordChecksum,
  recordHeaderBytes,
  Wal,
  type WalWrite,
  walFile,
} from './wal.ts';

/** The log is damaged where no crash damages it. The server must not take part with it. */
export class WalCorruptionError extends Error {
  override readonly name = 'WalCorruptionError';
  readonly file: string;
  readonly offset: number;
  constructor(offset: number, what: string) {
    super(
      `${walFile} is corrupt at byte ${offset}: ${what}; ` +
        'restore the data directory from a copy, this node must not take part without its log',
    );
    this.file = walFile;
    this.offset = offset;
  }
}

export interface RecoveredWal {
  readonly hardState: HardState;
  /** From index 1, without a gap. */
  readonly entries: readonly Entry[];
  /** Bytes behind the last good record, which the repair cuts off. */
  readonly tornBytes: number;
  readonly wal: Wal;
  /** Creates the file or cuts its tail off, durably. Nothing may be appended before it is done. */
  repair(done: Done): void;
}

const unpackr = new Unpackr({ useRecords: false, copyBuffers: true, int64AsType: 'number' });

/** Synchronous. Throws DiskError and WalCorruptionError. */
export function recoverWal(disk: Disk, random: Random): RecoveredWal {
  const size = disk.list().includes(walFile) ? disk.size(walFile) : 0;
  const window = new FileWindow(disk, walFile, size);
  const marker = parseFileHeader(window.bytes(0, Math.min(size, fileHeaderBytes)));
  if (marker === null) return createWal(disk, random, size);
  const replay = new Replay();
  let offset = fileHeaderBytes;
  while (offset < size) {
    const payload = readRecord(window, marker, offset);
    if (payload === null) break;
    replay.record(payload, offset);
    offset += recordHeaderBytes + payload.length;
  }
  const later = offset < size ? findRecord(window, marker, offset + 1) : null;
  if (later !== null) {
    throw new WalCorruptionError(offset, `no valid record, but one follows at byte ${later}`);
  }
  return {
    hardState: replay.hardState,
    entries: replay.entries,
    tornBytes: size - offset,
    wal: new Wal(disk, { marker, endOffset: offset }),
    repair: (done) => repairTail(disk, { size, endOffset: offset }, done),
  };
}

/**
 * A file without a whole header holds no record, since the header is durable before the first
 * record is appended. Unless there is more than a header: then the header itself is damaged.
 */
function createWal(disk: Disk, random: Random, size: number): RecoveredWal {
  if (size > fileHeaderBytes) throw new WalCorruptionError(0, 'the file header is damaged');
  const marker = drawMarker(random);
  return {
    hardState: { currentTerm: 0, votedFor: null },
    entries: [],
    tornBytes: size,
    wal: new Wal(disk, { marker, endOffset: fileHeaderBytes }),
    repair: (done) => {
      const steps: readonly ((stepDone: Done) => void)[] = [
        (stepDone) => disk.writeAt(walFile, 0, encodeFileHeader(marker), stepDone),
        (stepDone) => disk.sync(walFile, stepDone),
        (stepDone) => disk.syncDirectory(stepDone),
      ];
      runInOrder(steps, done);
    },
  };
}

/**
 * Syncs even when nothing is to be cut: a process that died before its sync leaves records (and a
 * file name) which this one read from memory, and which a power loss would still take away.
 */
function repairTail(
  disk: Disk,
  { size, endOffset }: { readonly size: number; readonly endOffset: number },
  done: Done,
): void {
  const steps: ((stepDone: Done) => void)[] = [
    (stepDone) => disk.sync(walFile, stepDone),
    (stepDone) => disk.syncDirectory(stepDone),
  ];
  if (endOffset < size) steps.unshift((stepDone) => disk.truncate(walFile, endOffset, stepDone));
  runInOrder(steps, done);
}

function runInOrder(steps: readonly ((stepDone: Done) => void)[], done: Done): void {
  const [first, ...rest] = steps;
  if (first === undefined) {
    done(null);
    return;
  }
  first((error) => {
    if (error !== null) done(error);
    else runInOrder(rest, done);
  });
}

/** The payload of a whole and undamaged record at this place, or null. */
function readRecord(window: FileWindow, marker: number, offset: number): Uint8Array | null {
  if (window.size - offset < recordHeaderBytes) return null;
  const header = window.bytes(offset, recordHeaderBytes);
  if (header.readUInt32LE(0) !== marker) return null;
  const length = header.readUInt32LE(4);
  const checksum = header.readUInt32LE(8);
  if (window.size - offset - recordHeaderBytes < length) return null;
  const payload = window.bytes(offset + recordHeaderBytes, length);
  return recordChecksum(offset, payload) === checksum ? payload : null;
}

/** Where the first good record at or after `from` stands, or null. */
function findRecord(window: FileWindow, marker: number, from: number): number | null {
  const needle = Buffer.alloc(4);
  needle.writeUInt32LE(marker, 0);
  let offset = window.indexOf(needle, from);
  while (offset !== null) {
    if (readRecord(window, marker, offset) !== null) return offset;
    offset = window.indexOf(needle, offset + 1);
  }
  return null;
}

/** Rebuilds what the server had promised, record by record. */
class Replay {
  hardState: HardState = { currentTerm: 0, votedFor: null };
  readonly entries: Entry[] = [];

  /** Throws WalCorruptionError: the checksum holds, and yet no server can have written this. */
  record(payload: Uint8Array, offset: number): void {
    try {
      for (const write of parseWrites(payload)) this.#write(write);
    } catch (error) {
      if (error instanceof ShapeError) throw new WalCorruptionError(offset, error.message);
      throw error;
    }
  }

  #write({ hardState, entries }: WalWrite): void {
    if (hardState !== null) {
      if (hardState.currentTerm < this.hardState.currentTerm) {
        throw new ShapeError(
          `term ${hardState.currentTerm} after term ${this.hardState.currentTerm}`,
        );
      }
      this.hardState = hardState;
    }
    const first = entries[0];
    if (first === undefined) return;
    const before = this.entries[first.index - 2];
    if (first.index > this.entries.length + 1 || (before?.term ?? 0) > first.term) {
      throw new ShapeError(
        `entry ${first.index} of term ${first.term} on a log of ${this.entries.length} entries`,
      );
    }
    this.entries.length = first.index - 1;
    for (const entry of entries) this.entries.push(entry);
  }
}

/** Throws ShapeError. */
function parseWrites(payload: Uint8Array): readonly WalWrite[] {
  let writes: unknown;
  try {
    writes = unpackr.unpack(payload);
  } catch {
    throw new ShapeError('a record that is not msgpack');
  }
  if (!Array.isArray(writes)) throw new ShapeError('a record that is not a list of writes');
  return writes.map((write: unknown) => {
    if (!Array.isArray(write) || write.length !== 2) {
      throw new ShapeError('a write has two fields');
    }
    return {
      hardState: write[0] === null ? null : parseHardState(write[0]),
      entries: parseEntries(write[1]),
    };
  });
}
