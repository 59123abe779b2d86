/**
 * What the tests of the log share: entries, a way to open a log, and a small log of three segments
 * of which every byte is known.
 */
import { type CrashPointName, type CrashPoints, noCrashPoints } from '../crash-points.ts';
import type { Entry, EntryId, HardState } from '../raft/entry.ts';
import type { Disk } from './disk.ts';
import type { WalWrite } from './wal.ts';
import { type RecoveredWal, recoverWal } from './wal-recovery.ts';
import { WalTestDisk } from './wal-test-disk.ts';

export function createTestRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0.754_877_666_246_692_8) % 1;
    return state;
  };
}

export function testEntry(index: number, term: number, text = `${index}@${term}`): Entry {
  return { index, term, kind: 'command', data: Buffer.from(text) };
}

export function testWrite(parts: Partial<WalWrite>): WalWrite {
  return { hardState: null, snapshot: null, entries: [], ...parts };
}

export interface OpenOptions {
  readonly snapshot?: EntryId | null;
  readonly segmentBytes?: number;
  readonly reached?: CrashPointName[];
  readonly seed?: number;
}

export function openLog(disk: Disk, options: OpenOptions = {}): RecoveredWal {
  const { snapshot = null, segmentBytes = testSegmentBytes, reached, seed = 0.3 } = options;
  const crashPoints: CrashPoints =
    reached === undefined ? noCrashPoints : { reach: (name) => reached.push(name) };
  return recoverWal(disk, {
    random: { next: createTestRandom(seed) },
    crashPoints,
    snapshot,
    segmentBytes,
  });
}

/** What the server would go on with. */
export interface Promised {
  readonly hardState: HardState;
  readonly base: EntryId;
  readonly entries: readonly Entry[];
}

export function promiseOf({ hardState, base, entries }: Promised): Promised {
  return {
    hardState,
    base,
    entries: entries.map((entry) => ({ ...entry, data: Buffer.from(entry.data) })),
  };
}

export const testSegmentBytes = 328;

/** Votes, overwritten entries, terms that rise in a record, an entry without data. */
export const testRecords: readonly (readonly WalWrite[])[] = [
  [testWrite({ hardState: { currentTerm: 1, votedFor: 'n1' } })],
  [
    testWrite({ entries: [testEntry(1, 1), testEntry(2, 1)] }),
    testWrite({ entries: [testEntry(3, 1)] }),
  ],
  [testWrite({ hardState: { currentTerm: 2, votedFor: null }, entries: [testEntry(2, 2)] })],
  [testWrite({ entries: [testEntry(3, 2), testEntry(4, 2, 'longer than the others')] })],
  [testWrite({ hardState: { currentTerm: 3, votedFor: 'n2' } })],
  [
    testWrite({
      hardState: { currentTerm: 4, votedFor: null },
      entries: [testEntry(4, 3), testEntry(5, 4), { ...testEntry(6, 4, ''), kind: 'no-op' }],
    }),
  ],
  [testWrite({ entries: [testEntry(7, 4, 'a'.repeat(40))] })],
  [testWrite({ entries: [testEntry(8, 4, 'b'.repeat(40))] })],
  [testWrite({ entries: [testEntry(9, 4), testEntry(10, 4)] })],
  [testWrite({ hardState: { currentTerm: 4, votedFor: 'n3' } })],
  [testWrite({ entries: [testEntry(11, 4, 'c'.repeat(30))] })],
];

export interface RecordSpan {
  readonly file: string;
  /** Its first byte, and where its mark begins and ends. */
  readonly from: number;
  readonly mark: number;
  readonly to: number;
}

export interface TestLog {
  readonly files: Map<string, Buffer>;
  readonly spans: readonly RecordSpan[];
  /** What each number of whole records leaves. */
  readonly promises: readonly Promised[];
}

/** `marked`: the last record has its mark. */
export function writeTestLog(marked: boolean): TestLog {
  const disk = new WalTestDisk(() => 0);
  const log = openLog(disk);
  disk.do(log.repair);
  const spans: RecordSpan[] = [];
  const promises = [promiseOf(openLog(disk))];
  for (const writes of testRecords) {
    const before = log.wal.counters.bytesWritten;
    disk.do((done) => log.wal.append(writes, done));
    if (log.wal.counters.bytesWritten === before) throw new RangeError('nothing was written');
    const { file, offset } = log.wal.end;
    const last = spans.at(-1);
    const from = last?.file === file ? last.to : headerEnd;
    spans.push({ file, from, mark: offset - 8, to: offset });
    promises.push(promiseOf(openLog(disk)));
  }
  if (marked) disk.do((done) => log.wal.mark(done));
  return { files: disk.contents(), spans, promises };
}

/** Where the first record of a segment stands: ids of up to four letters fit into the padding. */
export const headerEnd = 64;
