/**
 * The write-ahead log: hard state and entries, made durable before anything depends on them.
 *
 * One append and one sync make one record, however many writes wait, and the next record is begun
 * only after that sync. So a bad record with a good one behind it was durable once: that is damage,
 * and it is refused. wal-recovery.ts reads what this file writes, into segments that are made at
 * their full size and filled with zeros a piece ahead (wal-segment.ts, wal-record.ts).
 */
import type { CrashPoints } from '../crash-points.ts';
import { ShapeError } from '../entry-codec.ts';
import type { Random } from '../host.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import type { Disk, DiskError, Done } from './disk.ts';
import { type DiskStep, runInOrder } from './disk-steps.ts';
import type { LogOutline } from './wal-outline.ts';
import {
  closeRecordBytes,
  encodeCloseRecord,
  encodeMark,
  encodeRecord,
  type LoggedWrite,
  markBytes,
  type RecordPlace,
  sealRecord,
  type WalWrite,
} from './wal-record.ts';
import {
  createSegment,
  drawMarker,
  type SegmentHeader,
  segmentFile,
  segmentHeaderBytes,
} from './wal-segment.ts';
import type { WalSpans } from './wal-spans.ts';

export type { WalWrite };

export const segmentBytesDefault: number = 64 * 1024 * 1024;

/**
 * Zeros are written this far ahead. A sync of a file that grows must also make its new size and
 * blocks durable; over zeros that are there already it takes about half as long. Measured on ext4
 * with records of 0.4 to 20 kB: 256 KiB, 1 MiB and 4 MiB are alike in the mean, more makes one sync
 * in a few thousand take 100 ms.
 */
const fillBytes = 1024 * 1024;
let zeros: Uint8Array | null = null;

/** The segment that is written to, and where its next record will stand. */
export interface LiveSegment extends RecordPlace {
  readonly size: number;
}

export interface WalParts {
  readonly disk: Disk;
  readonly random: Random;
  readonly crashPoints: CrashPoints;
  readonly segmentBytes: number;
  readonly live: LiveSegment;
  readonly outline: LogOutline;
  readonly spans: WalSpans;
  /** The last record has no mark yet. */
  readonly unmarked: boolean;
}

/** They only grow. */
export interface WalCounters {
  fsyncs: number;
  bytesWritten: number;
}

interface Compaction {
  readonly index: number;
  readonly done: Done;
}

/** The end of the log that grows. Made from what recovery found, and usable after its repair. */
export class Wal {
  readonly counters: Readonly<WalCounters>;
  readonly #counters: WalCounters = { fsyncs: 0, bytesWritten: 0 };
  readonly #parts: WalParts;
  #live: LiveSegment;
  /** Zeros stand between the end of the records and here. */
  #filledTo: number;
  #unmarked: boolean;
  #marking = false;
  /** They wait until the mark is written. */
  #afterMark: Done[] = [];
  #compacting = false;
  #compactions: Compaction[] = [];

  constructor(parts: WalParts) {
    this.counters = this.#counters;
    this.#parts = parts;
    this.#live = parts.live;
    this.#filledTo = parts.live.offset;
    this.#unmarked = parts.unmarked;
  }

  /** Where the next record will stand, if the segment has room for it. */
  get end(): { readonly file: string; readonly offset: number } {
    return { file: segmentFile(this.#live.sequence), offset: this.#live.offset };
  }

  /**
   * Makes the writes durable, as one record. One append at a time. After an error the log is not
   * to be used again: what a failed sync left on disk is unknown, and a second one proves nothing.
   * Throws InvariantError for writes that do not continue the log.
   */
  append(writes: readonly WalWrite[], done: Done): void {
    const { crashPoints, outline } = this.#parts;
    const { lastEntry, hardState } = outline;
    const logged: LoggedWrite[] = [];
    const lastIndexes: number[] = [];
    for (const write of writes) {
      logged.push(this.#log(write));
      lastIndexes.push(outline.lastEntry.index);
    }
    const record = encodeRecord(logged);
    const rolls = this.#live.offset + record.length + closeRecordBytes > this.#live.size;
    crashPoints.reach('wal.before-append');
    const steps: DiskStep[] = [];
    if (rolls) {
      steps.push((stepDone) => this.#roll({ lastEntry, hardState }, record.length, stepDone));
    }
    steps.push((stepDone) => {
      for (const [position, write] of writes.entries()) {
        this.#parts.spans.note(write, lastIndexes[position] ?? 0);
      }
      this.#write(record, stepDone);
    });
    runInOrder(steps, done);
  }

  /** No mark and no later record shows that the last record is durable. */
  get unmarked(): boolean {
    return this.#unmarked;
  }

  /**
   * Writes down that the last record is durable, for when no next one will show it soon; without
   * a sync. From then on damage of that record is known from a torn write. Calls back perhaps at
   * once.
   */
  mark(done: Done): void {
    if (!this.#unmarked) {
      done(null);
      return;
    }
    this.#unmarked = false;
    this.#marking = true;
    const { marker, sequence } = this.#live;
    const offset = this.#live.offset - markBytes;
    const mark = encodeMark({ marker, sequence, offset });
    this.#parts.disk.writeAt(segmentFile(sequence), offset, mark, (error) => {
      this.#marking = false;
      const waiting = this.#afterMark;
      this.#afterMark = [];
      done(error);
      for (const step of waiting) step(error);
    });
  }

  /**
   * Removes segments wholly at or below this entry, which a durable snapshot must cover; never the
   * one that is written to. The oldest first, each durably, so that no crash leaves a hole. Calls
   * back perhaps at once.
   */
  compactTo(index: number, done: Done): void {
    this.#compactions.push({ index, done });
    this.#compact();
  }

  #compact(): void {
    const compaction = this.#compactions[0];
    if (compaction === undefined || this.#compacting) return;
    const { crashPoints, spans } = this.#parts;
    if (spans.removable(compaction.index) !== null) crashPoints.reach('wal.before-compact');
    this.#compacting = true;
    this.#removeNext(compaction, (error) => {
      this.#compacting = false;
      this.#compactions.shift();
      compaction.done(error);
      this.#compact();
    });
  }

  #removeNext(compaction: Compaction, done: Done): void {
    const { disk, crashPoints, spans } = this.#parts;
    const sequence = spans.removable(compaction.index);
    if (sequence === null) {
      done(null);
      return;
    }
    const steps: readonly DiskStep[] = [
      (stepDone) => disk.remove(segmentFile(sequence), stepDone),
      (stepDone) => {
        crashPoints.reach('wal.after-remove-before-directory-fsync');
        disk.syncDirectory(stepDone);
      },
    ];
    runInOrder(steps, (error) => {
      if (error !== null) {
        done(error);
        return;
      }
      spans.removed(sequence);
      this.#removeNext(compaction, done);
    });
  }

  #log(write: WalWrite): LoggedWrite {
    try {
      return this.#parts.outline.log(write);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      throw new InvariantError('a write continues the log on disk', { found: error.message });
    }
  }

  #write(record: Buffer, done: Done): void {
    const { disk, crashPoints } = this.#parts;
    const file = segmentFile(this.#live.sequence);
    const { offset } = this.#live;
    const end = offset + record.length;
    const checksum = sealRecord(record, this.#live);
    const steps: DiskStep[] = [];
    if (end > this.#filledTo) steps.push((stepDone) => this.#fill(end, stepDone));
    steps.push(
      (stepDone) => disk.writeAt(file, offset, record, stepDone),
      (stepDone) => {
        crashPoints.reach('wal.after-append-before-fsync');
        disk.sync(file, stepDone);
      },
    );
    runInOrder(steps, (error) => {
      if (error === null) {
        crashPoints.reach('wal.after-fsync');
        this.#live = { ...this.#live, offset: end, previous: checksum };
        this.#unmarked = true;
        this.#counters.fsyncs += 1;
        this.#counters.bytesWritten += record.length;
      }
      done(error);
    });
  }

  /** From behind this record on; the next sync takes it along. */
  #fill(end: number, done: Done): void {
    const { disk } = this.#parts;
    const { sequence, size } = this.#live;
    const from = Math.max(this.#filledTo, this.#live.offset);
    const to = Math.min(Math.ceil(end / fillBytes) * fillBytes, size);
    this.#filledTo = to;
    const start = Math.max(from, end);
    zeros ??= new Uint8Array(fillBytes);
    if (to === start) {
      done(null);
      return;
    }
    this.#counters.bytesWritten += to - start;
    disk.writeAt(segmentFile(sequence), start, zeros.subarray(0, to - start), done);
  }

  /**
   * The next segment is durable before the old one is closed, and closed before anything stands in
   * the next: so a segment that is missing shows, be it the last one.
   */
  #roll(
    standing: Pick<SegmentHeader, 'lastEntry' | 'hardState'>,
    recordBytes: number,
    done: Done,
  ): void {
    const { disk, random, crashPoints, segmentBytes, spans } = this.#parts;
    crashPoints.reach('wal.before-roll');
    const closed = this.#live;
    const close = encodeCloseRecord();
    const needed = segmentHeaderBytes(standing) + recordBytes + closeRecordBytes;
    const header: SegmentHeader = {
      ...standing,
      marker: drawMarker(random),
      sequence: closed.sequence + 1,
      size: Math.max(segmentBytes, needed),
      previous: sealRecord(close, closed),
    };
    const file = segmentFile(closed.sequence);
    let checksum = 0;
    const steps: readonly DiskStep[] = [
      // So that nothing runs any more on a segment that compaction may remove.
      (stepDone) => (this.#marking ? this.#afterMark.push(stepDone) : stepDone(null)),
      (stepDone) => {
        checksum = createSegment(disk, header, stepDone);
      },
      (stepDone) => disk.writeAt(file, closed.offset, close, stepDone),
      (stepDone) => disk.sync(file, stepDone),
    ];
    runInOrder(steps, (error: DiskError | null) => {
      if (error === null) {
        this.#counters.fsyncs += 3;
        this.#counters.bytesWritten += segmentHeaderBytes(header) + close.length;
        const { marker, sequence, size } = header;
        const offset = segmentHeaderBytes(header);
        this.#live = { marker, sequence, size, offset, previous: checksum };
        this.#filledTo = offset;
        this.#unmarked = false;
        spans.begin(sequence, header.lastEntry.index);
        crashPoints.reach('wal.after-roll');
      }
      done(error);
    });
  }
}
