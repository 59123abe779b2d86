/**
 * Reads the write-ahead log at a start, and repairs the tail that a crash may have torn.
 *
 * It never guesses: a log that is damaged other than at its tail held promises (votes, entries that
 * others counted), and a server that forgot them could help to lose what was acknowledged.
 *
 * What cannot be told apart: damage of the last record and a write that a crash tore, as long as
 * nothing behind it proves that it was durable (a later record or segment, or its own mark, which
 * is written right after its sync and is not synced itself). And nothing in a log shows that all
 * of it was put back to an earlier state, or that all of its files are gone at once with every
 * snapshot.
 */
import type { CrashPoints } from '../crash-points.ts';
import type { Random } from '../host.ts';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import type { Disk, Done } from './disk.ts';
import { type DiskStep, runInOrder } from './disk-steps.ts';
import { FileWindow } from './file-window.ts';
import { segmentBytesDefault, Wal } from './wal.ts';
import { WalCorruptionError } from './wal-corruption-error.ts';
import { closeRecordBytes, encodeCloseRecord, type RecordPlace, sealRecord } from './wal-record.ts';
import { WalReplay } from './wal-replay.ts';
import {
  createSegment,
  drawMarker,
  encodeSegmentHeader,
  type ParsedHeader,
  parseSegmentFile,
  type SegmentHeader,
  segmentFile,
  segmentHeaderBytes,
  unfinishedFile,
} from './wal-segment.ts';
import { findProof, readHeader, readRecords, type SegmentEnd } from './wal-segment-reader.ts';
import { WalSpans } from './wal-spans.ts';

export { WalCorruptionError };

export interface WalOptions {
  readonly random: Random;
  readonly crashPoints: CrashPoints;
  /** The last entry of the newest durable snapshot. */
  readonly snapshot: EntryId | null;
  /** Of a new segment; a record that needs more gets it. Default 64 MiB. */
  readonly segmentBytes?: number;
}

export interface RecoveredWal {
  readonly hardState: HardState;
  /** What stands before the first of `entries`; index 0, term 0 before the first of all. */
  readonly base: EntryId;
  /** From base.index + 1 on, without a gap. Some may be older than the snapshot. */
  readonly entries: readonly Entry[];
  /** Bytes behind the last good record, which the repair clears. */
  readonly tornBytes: number;
  readonly wal: Wal;
  /** Makes durable what was found. Nothing may be appended before it is done. */
  repair(done: Done): void;
}

/** Synchronous. Throws DiskError and WalCorruptionError. */
export function recoverWal(disk: Disk, options: WalOptions): RecoveredWal {
  const { snapshot, segmentBytes = segmentBytesDefault } = options;
  if (!Number.isSafeInteger(segmentBytes) || segmentBytes <= 0 || segmentBytes > 2 ** 30) {
    throw new RangeError(`segmentBytes must be from 1 to ${2 ** 30}, not ${segmentBytes}`);
  }
  const files = disk.list();
  const sequences = findSegments(files);
  const first = sequences[0];
  const unfinished = files.includes(unfinishedFile);
  if (first === undefined) {
    if (snapshot === null) return createWal(disk, options, unfinished);
    const what = `there is no log beside a snapshot up to entry ${snapshot.index}`;
    throw new WalCorruptionError(segmentFile(1), 0, what);
  }
  const found = readSegments(disk, sequences);
  const { replay } = found;
  checkBase(found, { first, snapshot });
  const reset = replay.reconcile(snapshot);
  const wal = new Wal({
    disk,
    random: options.random,
    crashPoints: options.crashPoints,
    segmentBytes,
    live: { ...found.live.end.place, size: found.live.window.size },
    outline: replay.outline,
    spans: found.spans,
    unmarked: found.live.end.lastRecord?.marked === false,
  });
  const steps = unfinished ? [removeUnfinished(disk)] : [];
  steps.push(...repairSteps(disk, found));
  if (reset !== null) steps.push((stepDone) => wal.append([reset], stepDone));
  steps.push((stepDone) => wal.mark(stepDone));
  return {
    hardState: reset?.hardState ?? replay.outline.hardState,
    base: reset?.snapshot ?? replay.outline.base,
    entries: reset === null ? replay.entries : [],
    tornBytes: found.contentEnd - found.live.end.place.offset,
    wal,
    repair: (done) => runInOrder(steps, done),
  };
}

/** In their order. Throws WalCorruptionError when one between them is missing. */
function findSegments(files: readonly string[]): readonly number[] {
  const sequences: number[] = [];
  for (const file of files) {
    const sequence = parseSegmentFile(file);
    if (sequence !== null) sequences.push(sequence);
  }
  sequences.sort((a, b) => a - b);
  for (const [position, sequence] of sequences.entries()) {
    const expected = (sequences[0] ?? 0) + position;
    if (sequence === expected) continue;
    const what = `it is missing, and ${segmentFile(sequence)} is there`;
    throw new WalCorruptionError(segmentFile(expected), 0, what);
  }
  return sequences;
}

function createWal(disk: Disk, options: WalOptions, unfinished: boolean): RecoveredWal {
  const { random, crashPoints, segmentBytes = segmentBytesDefault } = options;
  const start = {
    base: { index: 0, term: 0 },
    hardState: { currentTerm: 0, votedFor: null },
  };
  const header: SegmentHeader = {
    marker: drawMarker(random),
    sequence: 1,
    size: Math.max(segmentBytes, segmentHeaderBytes(start) + closeRecordBytes),
    previous: 0,
    lastEntry: start.base,
    hardState: start.hardState,
  };
  const { bytes, checksum } = encodeSegmentHeader(header);
  const spans = new WalSpans();
  spans.begin(1, 0);
  const { marker, sequence, size } = header;
  return {
    ...start,
    entries: [],
    tornBytes: 0,
    wal: new Wal({
      disk,
      random,
      crashPoints,
      segmentBytes,
      live: { marker, sequence, size, offset: bytes.length, previous: checksum },
      outline: new WalReplay(start).outline,
      spans,
      unmarked: false,
    }),
    repair: (done) => {
      const steps = unfinished ? [removeUnfinished(disk)] : [];
      steps.push((stepDone) => createSegment(disk, header, stepDone));
      runInOrder(steps, done);
    },
  };
}

function removeUnfinished(disk: Disk): DiskStep {
  return (done) => disk.remove(unfinishedFile, done);
}

interface ReadSegment {
  readonly window: FileWindow;
  readonly end: SegmentEnd;
}

interface FoundLog {
  readonly replay: WalReplay;
  readonly spans: WalSpans;
  readonly live: ReadSegment;
  /** Where the live segment's bytes end that are not zero. */
  readonly contentEnd: number;
  /** The segment before the live one. */
  readonly closed: ReadSegment | null;
  /** Segments that lack the record which closes them. */
  readonly unclosed: readonly ReadSegment[];
}

function readSegments(disk: Disk, sequences: readonly number[]): FoundLog {
  const spans = new WalSpans();
  const unclosed: ReadSegment[] = [];
  let replay: WalReplay | null = null;
  let closed: ReadSegment | null = null;
  let live: ReadSegment | null = null;
  for (const sequence of sequences) {
    const file = segmentFile(sequence);
    const window = new FileWindow(disk, file, disk.size(file));
    const parsed = readHeader(window, sequence);
    const { lastEntry, hardState } = parsed.header;
    if (live !== null && replay !== null) {
      if (!live.end.closed) unclosed.push(live);
      checkSuccessor({ before: live, parsed, replay });
    }
    const current: WalReplay = replay ?? new WalReplay({ base: lastEntry, hardState });
    replay = current;
    spans.begin(sequence, lastEntry.index);
    const { marker } = parsed.header;
    const place = { marker, sequence, offset: parsed.bytes, previous: parsed.checksum };
    const end = readRecords(window, place, (write) => {
      current.take(write);
      spans.note(write, current.outline.lastEntry.index);
    });
    closed = live;
    live = { window, end };
  }
  if (replay === null || live === null) throw new RangeError('no segment is to be read');
  const contentEnd = checkTail(live);
  return { replay, spans, live, contentEnd, closed, unclosed };
}

/**
 * The header of a segment tells the checksum of the record that closes the one before, and that
 * record holds nothing else: so it shows whether any other is missing there, and if only the
 * closing one is (a crash came between), it is written again.
 */
function checkSuccessor({
  before,
  parsed: { header },
  replay,
}: {
  readonly before: ReadSegment;
  readonly parsed: ParsedHeader;
  readonly replay: WalReplay;
}): void {
  const { place, closed } = before.end;
  const previous = closed ? place.previous : sealRecord(encodeCloseRecord(), place);
  if (previous !== header.previous) {
    throw new WalCorruptionError(
      before.window.file,
      place.offset,
      `no valid record, but ${segmentFile(header.sequence)} continues one`,
    );
  }
  const { lastEntry, hardState } = replay.outline;
  const same =
    lastEntry.index === header.lastEntry.index &&
    lastEntry.term === header.lastEntry.term &&
    hardState.currentTerm === header.hardState.currentTerm &&
    hardState.votedFor === header.hardState.votedFor;
  if (same) return;
  throw new WalCorruptionError(
    segmentFile(header.sequence),
    0,
    `its header continues entry ${header.lastEntry.index} of term ${header.lastEntry.term} in ` +
      `term ${header.hardState.currentTerm}, the segment before ends with entry ` +
      `${lastEntry.index} of term ${lastEntry.term} in term ${hardState.currentTerm}`,
  );
}

/** Where the bytes end that are not zero. Throws WalCorruptionError if it is no torn write. */
function checkTail({ window, end }: ReadSegment): number {
  const { place, closed } = end;
  if (closed) {
    const what = `it is missing, and ${window.file} says that the log goes on there`;
    throw new WalCorruptionError(segmentFile(place.sequence + 1), 0, what);
  }
  const contentEnd = window.contentEnd(place.offset);
  if (contentEnd === place.offset) return contentEnd;
  const proof = findProof(window, place);
  if (proof === null) return contentEnd;
  const what =
    proof.what === 'record'
      ? `no valid record, but one follows at byte ${proof.offset}`
      : `no valid record, but a mark at byte ${proof.offset} shows that it was durable`;
  throw new WalCorruptionError(window.file, place.offset, what);
}

/** Between the newest snapshot and the log nothing may be missing. Throws WalCorruptionError. */
function checkBase(
  { replay }: FoundLog,
  { first, snapshot }: { readonly first: number; readonly snapshot: EntryId | null },
): void {
  const { base } = replay.outline;
  const covered = snapshot?.index ?? 0;
  if (base.index <= covered) return;
  const reach =
    snapshot === null ? 'there is no snapshot' : `the newest snapshot ends with entry ${covered}`;
  throw new WalCorruptionError(
    segmentFile(first),
    0,
    `the log begins behind entry ${base.index}, and ${reach}`,
  );
}

/**
 * The last record may be one whose sync failed in the process before, and the system then reads
 * from memory what never reached the disk: so it is written again, unless its mark shows that it
 * did.
 * All is synced even when nothing was torn: what a process left behind that died before its sync
 * was read from memory too.
 */
function repairSteps(disk: Disk, found: FoundLog): readonly DiskStep[] {
  const { live, contentEnd, closed, unclosed } = found;
  const { file } = live.window;
  const { place, lastRecord } = live.end;
  const steps: DiskStep[] = [];
  for (const { window, end } of unclosed) {
    steps.push((done) => writeClose(disk, { file: window.file, place: end.place }, done));
    steps.push((done) => disk.sync(window.file, done));
  }
  if (closed !== null) steps.push((done) => disk.sync(closed.window.file, done));
  if (lastRecord !== null && !lastRecord.marked) {
    const bytes = live.window.bytes(lastRecord.offset, lastRecord.length);
    steps.push((done) => disk.writeAt(file, lastRecord.offset, bytes, done));
  }
  if (contentEnd > place.offset) {
    const zeros = new Uint8Array(contentEnd - place.offset);
    steps.push((done) => disk.writeAt(file, place.offset, zeros, done));
  }
  steps.push(
    (done) => disk.sync(file, done),
    (done) => disk.syncDirectory(done),
  );
  return steps;
}

function writeClose(
  disk: Disk,
  { file, place }: { readonly file: string; readonly place: RecordPlace },
  done: Done,
): void {
  const close = encodeCloseRecord();
  sealRecord(close, place);
  disk.writeAt(file, place.offset, close, done);
}
