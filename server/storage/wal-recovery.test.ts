import { expect, test } from 'vitest';
import { noCrashPoints } from '../crash-points.ts';
import type { Entry, EntryId } from '../raft/entry.ts';
import type { WalWrite } from './wal.ts';
import { WalCorruptionError } from './wal-corruption-error.ts';
import { encodeCloseRecord, encodeRecord, sealRecord } from './wal-record.ts';
import { recoverWal } from './wal-recovery.ts';
import {
  encodeSegmentHeader,
  type SegmentHeader,
  segmentFile,
  unfinishedFile,
} from './wal-segment.ts';
import { WalTestDisk } from './wal-test-disk.ts';
import {
  createTestRandom,
  headerEnd,
  openLog,
  promiseOf,
  testEntry,
  testRecords,
  testWrite,
  writeTestLog,
} from './wal-test-log.ts';

function entriesUpTo(last: number, term: number): readonly Entry[] {
  return Array.from({ length: last }, (_, position) => testEntry(position + 1, term));
}

/** A log with these writes, each a record. */
function diskWith(writes: readonly Partial<WalWrite>[]): WalTestDisk {
  const disk = new WalTestDisk(createTestRandom(0.4));
  const { wal, repair } = openLog(disk);
  disk.do(repair);
  for (const write of writes) disk.do((done) => wal.append([testWrite(write)], done));
  return disk;
}

const hardState = { currentTerm: 2, votedFor: 'n1' };
const tenEntries = [{ hardState, entries: entriesUpTo(10, 2) }];

test('a snapshot within the log leaves all of it, what is older too', () => {
  const found = openLog(diskWith(tenEntries), { snapshot: { index: 4, term: 2 } });
  expect(promiseOf(found)).toEqual(
    promiseOf({ hardState, base: { index: 0, term: 0 }, entries: entriesUpTo(10, 2) }),
  );
});

test('a snapshot that ends with the last entry leaves the log as it is', () => {
  const found = openLog(diskWith(tenEntries), { snapshot: { index: 10, term: 2 } });
  expect(found.base).toEqual({ index: 0, term: 0 });
  expect(found.entries.length).toBe(10);
});

test.each([
  ['ahead of the log', { index: 15, term: 2 }, hardState],
  [
    'of a term that the log has not heard of',
    { index: 15, term: 7 },
    { currentTerm: 7, votedFor: null },
  ],
  ['in conflict with the entry at its end', { index: 6, term: 1 }, hardState],
])(
  'B52: a log whose snapshot is %s begins behind it, for good',
  (_title, snapshot: EntryId, expected) => {
    const disk = diskWith(tenEntries);
    const log = openLog(disk, { snapshot });
    expect(promiseOf(log)).toEqual({ hardState: expected, base: snapshot, entries: [] });
    disk.losePower();
    const again = openLog(disk, { snapshot });
    expect(promiseOf(again)).toEqual(promiseOf(log));
    disk.do(again.repair);
    const next = [testEntry(snapshot.index + 1, expected.currentTerm)];
    disk.do((done) => again.wal.append([testWrite({ entries: next })], done));
    const after = openLog(disk, { snapshot });
    expect(promiseOf(after)).toEqual(
      promiseOf({ hardState: expected, base: snapshot, entries: next }),
    );
  },
);

test('a reset that crashes anywhere is done again at the next start', () => {
  const snapshot = { index: 15, term: 7 };
  for (let steps = 0; steps < 8; steps += 1) {
    const disk = diskWith(tenEntries);
    openLog(disk, { snapshot }).repair(() => undefined);
    for (let step = 0; step < steps; step += 1) disk.step();
    disk.losePower();
    const log = openLog(disk, { snapshot });
    expect(log.base).toEqual(snapshot);
    expect(disk.do(log.repair)).toBe(null);
    expect(promiseOf(openLog(disk, { snapshot }))).toEqual(promiseOf(log));
  }
});

test('B55: a gap between snapshot and log is refused, and so is a log without its snapshot', () => {
  const disk = diskWith([...tenEntries, { snapshot: { index: 20, term: 2 } }]);
  for (const snapshot of [null, { index: 19, term: 2 }]) {
    const open = (): unknown => openLog(disk, { snapshot });
    expect(open).toThrow(WalCorruptionError);
    expect(open).toThrow('wal-00000001 is corrupt at byte 0: the log begins behind entry 20, and');
  }
  expect(openLog(disk, { snapshot: { index: 20, term: 2 } }).base.index).toBe(20);
});

test('a snapshot without any log is refused: votes would be forgotten', () => {
  const open = (): unknown =>
    openLog(new WalTestDisk(() => 0), { snapshot: { index: 3, term: 1 } });
  expect(open).toThrow('there is no log beside a snapshot up to entry 3');
});

test('a snapshot write keeps the entries behind it when the log holds its last one', () => {
  const disk = diskWith([...tenEntries, { snapshot: { index: 6, term: 2 } }]);
  const found = openLog(disk, { snapshot: { index: 6, term: 2 } });
  expect(promiseOf(found)).toEqual(
    promiseOf({ hardState, base: { index: 6, term: 2 }, entries: entriesUpTo(10, 2).slice(6) }),
  );
});

test('entries that were overwritten below the first segment that is left do not confuse it', () => {
  const disk = new WalTestDisk(createTestRandom(0.4));
  const { wal, repair } = openLog(disk, { segmentBytes: 320 });
  disk.do(repair);
  disk.do((done) => wal.append([testWrite({ hardState, entries: entriesUpTo(12, 2) })], done));
  const newer = { currentTerm: 3, votedFor: null };
  const { file } = wal.end;
  // The next segment begins when entry 12 is the last one, and overwrites from entry 9 on.
  const entries = Array.from({ length: 12 }, (_, at) => testEntry(9 + at, 3, 'z'.repeat(10)));
  disk.do((done) => wal.append([testWrite({ hardState: newer, entries })], done));
  expect(wal.end.file).not.toBe(file);
  disk.do((done) => wal.compactTo(15, done));
  expect(disk.list()).toEqual([wal.end.file]);
  const found = openLog(disk, { snapshot: { index: 15, term: 3 } });
  expect(found.base).toEqual({ index: 9, term: 3 });
  expect(found.entries.map(({ index }) => index)).toEqual([
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
  ]);
  expect(found.hardState).toEqual(newer);
});

test('a torn tail is cleared for good before anything is appended', () => {
  const { files, promises, spans } = writeTestLog(false);
  const last = spans.at(-1);
  if (last === undefined) throw new RangeError('no record');
  const torn = Buffer.from(files.get(last.file) ?? []);
  torn.fill(0, last.from + 20, last.to);
  const disk = WalTestDisk.holding(new Map([...files, [last.file, torn]]));
  const log = openLog(disk);
  expect(log.tornBytes).toBeGreaterThan(15);
  expect(log.tornBytes).toBeLessThanOrEqual(20);
  expect(promiseOf(log)).toEqual(promises[testRecords.length - 1]);
  disk.do(log.repair);
  disk.losePower();
  expect(
    disk
      .contents()
      .get(last.file)
      ?.subarray(last.from)
      .every((byte) => byte === 0),
  ).toBe(true);
  expect(openLog(disk).tornBytes).toBe(0);
});

test('a value that holds the bytes of a record does not make a torn tail look like damage', () => {
  const { files, promises, spans } = writeTestLog(false);
  const [, one] = spans;
  const last = spans.at(-1);
  if (one === undefined || last === undefined) throw new RangeError('no record');
  const live = Buffer.from(files.get(last.file) ?? []);
  const record = files.get(one.file)?.subarray(one.from, one.to) ?? Buffer.alloc(0);
  live.set(record, last.from + 24);
  const disk = WalTestDisk.holding(new Map([...files, [last.file, live]]));
  expect(promiseOf(openLog(disk))).toEqual(promises[testRecords.length - 1]);
});

test('a record that no server can have written is refused though its checksum holds', () => {
  const impossible: readonly Partial<WalWrite>[] = [
    { entries: [testEntry(13, 4)] },
    { entries: [testEntry(11, 1)] },
    { entries: [testEntry(12, 5)] },
    { hardState: { currentTerm: 1, votedFor: null } },
    { hardState: { currentTerm: 4, votedFor: 'n9' } },
  ];
  for (const write of impossible) {
    const { files, spans } = writeTestLog(true);
    const last = spans.at(-1);
    if (last === undefined) throw new RangeError('no record');
    const bytes = Buffer.from(files.get(last.file) ?? []);
    const record = encodeRecord([{ ...testWrite(write), voidsAll: false }]);
    sealRecord(record, {
      marker: bytes.readUInt32LE(8),
      sequence: 3,
      offset: last.to,
      previous: bytes.readUInt32LE(last.from + 12),
    });
    bytes.set(record, last.to);
    const disk = WalTestDisk.holding(new Map([...files, [last.file, bytes]]));
    expect(() => openLog(disk)).toThrow(`${last.file} is corrupt at byte ${last.to}: `);
  }
});

test('a record that was replaced by a valid one of another history is refused behind it', () => {
  const { files, spans } = writeTestLog(true);
  const [first, second] = spans;
  if (first === undefined || second === undefined) throw new RangeError('no record');
  const bytes = Buffer.from(files.get(first.file) ?? []);
  const other = { currentTerm: 1, votedFor: 'n2' };
  const record = encodeRecord([{ ...testWrite({ hardState: other }), voidsAll: false }]);
  expect(record.length).toBe(first.to - first.from);
  sealRecord(record, {
    marker: bytes.readUInt32LE(8),
    sequence: 1,
    offset: first.from,
    previous: bytes.readUInt32LE(first.from + 8),
  });
  bytes.set(record, first.from);
  const disk = WalTestDisk.holding(new Map([...files, [first.file, bytes]]));
  expect(() => openLog(disk)).toThrow(
    `${first.file} is corrupt at byte ${second.from}: this record does not continue`,
  );
});

test('a segment whose header does not continue the one before is refused', () => {
  const disk = diskWith(tenEntries);
  const file = segmentFile(1);
  const bytes = disk.contents().get(file) ?? Buffer.alloc(0);
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const start = Math.ceil(end / 8) * 8 + 8;
  const close = encodeCloseRecord();
  const previous = sealRecord(close, {
    marker: bytes.readUInt32LE(8),
    sequence: 1,
    offset: start,
    previous: bytes.readUInt32LE(headerEnd + 12),
  });
  bytes.set(close, start);
  const right: SegmentHeader = {
    marker: 77,
    sequence: 2,
    size: 512,
    previous,
    lastEntry: { index: 10, term: 2 },
    hardState,
  };
  const openWith = (header: SegmentHeader): unknown => {
    const second = Buffer.concat([
      encodeSegmentHeader(header).bytes,
      Buffer.alloc(512 - headerEnd),
    ]);
    return openLog(
      WalTestDisk.holding(
        new Map([
          [file, bytes],
          [segmentFile(2), second],
        ]),
      ),
    );
  };
  expect(openWith(right)).toMatchObject({ hardState, tornBytes: 0 });
  for (const wrong of [
    { lastEntry: { index: 11, term: 2 } },
    { lastEntry: { index: 10, term: 1 } },
    { hardState: { currentTerm: 3, votedFor: 'n1' } },
    { hardState: { currentTerm: 2, votedFor: 'n2' } },
  ]) {
    expect(() => openWith({ ...right, ...wrong })).toThrow(
      'wal-00000002 is corrupt at byte 0: its header',
    );
  }
});

test('a crash before the old segment is closed is made good: its successor is missed then', () => {
  let unclosedCount = 0;
  for (let steps = 0; steps < 12; steps += 1) {
    const disk = diskWith(tenEntries);
    const { wal, repair } = openLog(disk);
    disk.do(repair);
    wal.append([testWrite({ entries: [testEntry(11, 2, 'w'.repeat(200))] })], () => undefined);
    for (let step = 0; step < steps; step += 1) disk.step();
    disk.losePower();
    if (!disk.list().includes(segmentFile(2))) continue;
    const closeAt =
      disk
        .contents()
        .get(segmentFile(1))
        ?.findLastIndex((byte) => byte !== 0) ?? 0;
    const log = openLog(disk);
    disk.do(log.repair);
    const first = disk.contents().get(segmentFile(1)) ?? Buffer.alloc(0);
    if (first.findLastIndex((byte) => byte !== 0) > closeAt) unclosedCount += 1;
    const alone = WalTestDisk.holding(new Map([[segmentFile(1), first]]));
    expect(() => openLog(alone)).toThrow('wal-00000002 is corrupt at byte 0: it is missing');
  }
  expect(unclosedCount).toBeGreaterThan(0);
});

test('a segment that a crash left unfinished is removed, also before the first one', () => {
  const leftover = new Map([[unfinishedFile, Buffer.alloc(9000, 7)]]);
  const disk = WalTestDisk.holding(leftover);
  disk.do(openLog(disk).repair);
  expect(disk.list()).toEqual([segmentFile(1)]);
  expect(openLog(disk).tornBytes).toBe(0);
  const { files, promises } = writeTestLog(true);
  const second = WalTestDisk.holding(new Map([...files, ...leftover]));
  const log = openLog(second);
  expect(promiseOf(log)).toEqual(promises[testRecords.length]);
  second.do(log.repair);
  expect(second.list()).toEqual([...files.keys()]);
});

test('a size of segments that makes no sense is refused by name', () => {
  for (const segmentBytes of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
    const options = { random: { next: () => 0.5 }, crashPoints: noCrashPoints, snapshot: null };
    expect(() => recoverWal(new WalTestDisk(() => 0), { ...options, segmentBytes })).toThrow(
      'segmentBytes must be from 1 to',
    );
  }
});
