import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { CrashPointName } from '../crash-points.ts';
import { FileDisk } from '../host/file-disk.ts';
import { InvariantError } from '../raft/invariant-error.ts';
import { DiskError, type Done } from './disk.ts';
import { segmentFile } from './wal-segment.ts';
import { WalTestDisk } from './wal-test-disk.ts';
import {
  createTestRandom,
  openLog,
  promiseOf,
  testEntry,
  testRecords,
  testWrite,
  writeTestLog,
} from './wal-test-log.ts';

const folders: string[] = [];
const disks: FileDisk[] = [];

afterEach(() => {
  for (const disk of disks.splice(0)) disk.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function createDisk(): { folder: string; disk: FileDisk } {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-wal-'));
  const disk = new FileDisk(folder);
  folders.push(folder);
  disks.push(disk);
  return { folder, disk };
}

function finished(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });
}

test('a new log is empty, and what is appended is there at the next start', async () => {
  const { promises } = writeTestLog(false);
  const { disk } = createDisk();
  const first = openLog(disk);
  expect(promiseOf(first)).toEqual(promises[0]);
  await finished(first.repair);
  for (const [position, writes] of testRecords.entries()) {
    await finished((done) => first.wal.append(writes, done));
    const found = openLog(disk);
    expect(promiseOf(found)).toEqual(promises[position + 1]);
    expect(found.tornBytes).toBe(0);
  }
});

test('an entry larger than a segment gets one of its size, a small one the usual', async () => {
  const { folder, disk } = createDisk();
  const first = openLog(disk, { segmentBytes: 4096 });
  await finished(first.repair);
  const texts = ['a', 'b'.repeat(300_000), 'c', 'd'.repeat(10_000), 'e'];
  const entries = texts.map((text, position) => testEntry(position + 1, 1, text));
  const hardState = { currentTerm: 1, votedFor: 'n1' };
  await finished((done) => first.wal.append([testWrite({ hardState })], done));
  for (const one of entries) {
    await finished((done) => first.wal.append([testWrite({ entries: [one] })], done));
  }
  const found = openLog(disk, { segmentBytes: 4096 });
  expect(found.hardState).toEqual(hardState);
  expect(found.entries.map(({ data }) => Buffer.from(data).toString() === texts.shift())).toEqual([
    true,
    true,
    true,
    true,
    true,
  ]);
  const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
  expect(sizes.filter((size) => size === 4096).length).toBe(3);
  expect(Math.max(...sizes)).toBeGreaterThan(300_000);
});

test('a segment has its full size from the begin, and zeros are written ahead within it', () => {
  const disk = new WalTestDisk(createTestRandom(0.1));
  const { wal, repair } = openLog(disk, { segmentBytes: 3 * 1024 * 1024 });
  disk.do(repair);
  expect(disk.size(segmentFile(1))).toBe(3 * 1024 * 1024);
  const writes: number[] = [];
  disk.fault = (operation) => {
    if (operation === 'writeAt') writes.push(0);
    return null;
  };
  const hardState = { currentTerm: 1, votedFor: null };
  disk.do((done) => wal.append([testWrite({ hardState })], done));
  expect(writes.length).toBe(2);
  disk.do((done) => wal.append([testWrite({ entries: [testEntry(1, 1)] })], done));
  expect(writes.length).toBe(3);
  expect(wal.counters.fsyncs).toBe(2);
  expect(wal.counters.bytesWritten).toBeGreaterThan(1024 * 1024 - 200);
});

test('compaction removes what lies wholly at or below, oldest first, never the live one', () => {
  const disk = new WalTestDisk(createTestRandom(0.2));
  const { wal, repair } = openLog(disk, { segmentBytes: 256 });
  disk.do(repair);
  const hardState = { currentTerm: 1, votedFor: 'n1' };
  disk.do((done) => wal.append([testWrite({ hardState })], done));
  const lastOf = new Map<string, number>();
  for (let index = 1; index <= 20; index += 1) {
    const entries = [testEntry(index, 1, 'x'.repeat(40))];
    disk.do((done) => wal.append([testWrite({ entries })], done));
    lastOf.set(wal.end.file, index);
  }
  expect(lastOf.size).toBeGreaterThan(5);
  for (let index = 0; index <= 25; index += 1) {
    const outcome = disk.do((done) => wal.compactTo(index, done));
    expect(outcome).toBe(null);
    const kept = [...lastOf].filter(([file, last]) => last > index || file === wal.end.file);
    expect(disk.list()).toEqual(kept.map(([file]) => file));
    if (index === 0) continue;
    const found = openLog(disk, { segmentBytes: 256, snapshot: { index, term: 1 } });
    expect(found.hardState).toEqual(hardState);
    expect(found.base.index).toBeLessThanOrEqual(index);
    const left = found.entries.filter((one) => one.index > index).map((one) => one.index);
    expect(left).toEqual(
      Array.from({ length: Math.max(0, 20 - index) }, (_, at) => index + 1 + at),
    );
  }
});

test('a loss of power at any moment of a compaction leaves no hole between segments', () => {
  for (let steps = 0; steps < 16; steps += 1) {
    for (let seed = 1; seed <= 5; seed += 1) {
      const disk = new WalTestDisk(createTestRandom(seed / 6));
      const { wal, repair } = openLog(disk, { segmentBytes: 256 });
      disk.do(repair);
      const hardState = { currentTerm: 1, votedFor: null };
      disk.do((done) => wal.append([testWrite({ hardState })], done));
      for (let index = 1; index <= 20; index += 1) {
        const entries = [testEntry(index, 1, 'x'.repeat(40))];
        disk.do((done) => wal.append([testWrite({ entries })], done));
      }
      wal.compactTo(20, () => undefined);
      for (let step = 0; step < steps; step += 1) disk.step();
      disk.losePower();
      const found = openLog(disk, { segmentBytes: 256, snapshot: { index: 20, term: 1 } });
      expect(found.base.index + found.entries.length).toBe(20);
      expect(found.hardState).toEqual(hardState);
    }
  }
});

test('compactions that are asked for together are done one after the other', () => {
  const disk = new WalTestDisk(createTestRandom(0.2));
  const { wal, repair } = openLog(disk, { segmentBytes: 256 });
  disk.do(repair);
  disk.do((done) =>
    wal.append([testWrite({ hardState: { currentTerm: 1, votedFor: null } })], done),
  );
  for (let index = 1; index <= 20; index += 1) {
    disk.do((done) =>
      wal.append([testWrite({ entries: [testEntry(index, 1, 'x'.repeat(40))] })], done),
    );
  }
  const order: string[] = [];
  wal.compactTo(5, () => {
    order.push('to 5');
    wal.compactTo(12, () => order.push('to 12'));
  });
  wal.compactTo(10, () => order.push('to 10'));
  while (disk.step());
  expect(order).toEqual(['to 5', 'to 10', 'to 12']);
  const [oldest] = disk.list();
  const found = openLog(disk, { segmentBytes: 256, snapshot: { index: 12, term: 1 } });
  expect(found.base.index).toBeLessThanOrEqual(12);
  expect(oldest).not.toBe(segmentFile(1));
});

test('segments that an installed snapshot has voided may go with it, wherever they reached', () => {
  const disk = new WalTestDisk(createTestRandom(0.2));
  const { wal, repair } = openLog(disk, { segmentBytes: 256 });
  disk.do(repair);
  disk.do((done) =>
    wal.append([testWrite({ hardState: { currentTerm: 1, votedFor: null } })], done),
  );
  for (let index = 1; index <= 20; index += 1) {
    disk.do((done) =>
      wal.append([testWrite({ entries: [testEntry(index, 1, 'x'.repeat(40))] })], done),
    );
  }
  const snapshot = { index: 8, term: 2 };
  const hardState = { currentTerm: 2, votedFor: null };
  disk.do((done) => wal.append([testWrite({ hardState, snapshot })], done));
  disk.do((done) => wal.compactTo(8, done));
  expect(disk.list()).toEqual([wal.end.file]);
  const found = openLog(disk, { segmentBytes: 256, snapshot });
  expect(promiseOf(found)).toEqual({ hardState, base: snapshot, entries: [] });
});

test('what does not continue the log is a broken invariant, and nothing of it is written', () => {
  const disk = new WalTestDisk(createTestRandom(0.2));
  const { wal, repair } = openLog(disk);
  disk.do(repair);
  const hardState = { currentTerm: 3, votedFor: 'n1' };
  disk.do((done) => wal.append([testWrite({ hardState, entries: [testEntry(1, 3)] })], done));
  const before = disk.contents();
  for (const write of [
    { entries: [testEntry(3, 3)] },
    { entries: [testEntry(2, 2)] },
    { entries: [testEntry(2, 4)] },
    { hardState: { currentTerm: 2, votedFor: null } },
    { hardState: { currentTerm: 3, votedFor: 'n2' } },
    { snapshot: { index: 5, term: 4 } },
  ]) {
    expect(() => wal.append([testWrite(write)], () => undefined)).toThrow(InvariantError);
  }
  while (disk.step());
  expect(disk.contents()).toEqual(before);
});

test('the crash points of an append, a roll and a compaction stand in their order', () => {
  const disk = new WalTestDisk(createTestRandom(0.2));
  const reached: CrashPointName[] = [];
  const { wal, repair } = openLog(disk, { segmentBytes: 200, reached });
  disk.do(repair);
  expect(reached).toEqual([]);
  const hardState = { currentTerm: 1, votedFor: null };
  disk.do((done) => wal.append([testWrite({ hardState, entries: [testEntry(1, 1)] })], done));
  const append = ['wal.before-append', 'wal.after-append-before-fsync', 'wal.after-fsync'];
  expect(reached.splice(0)).toEqual(append);
  const entries = [testEntry(2, 1, 'y'.repeat(60))];
  disk.do((done) => wal.append([testWrite({ entries })], done));
  expect(reached.splice(0)).toEqual([
    'wal.before-append',
    'wal.before-roll',
    'wal.after-roll',
    ...append.slice(1),
  ]);
  disk.do((done) => wal.compactTo(0, done));
  expect(reached.splice(0)).toEqual([]);
  disk.do((done) => wal.compactTo(1, done));
  expect(reached).toEqual(['wal.before-compact', 'wal.after-remove-before-directory-fsync']);
});

test('every operation of an append and a roll may fail, and its error arrives', () => {
  for (let failing = 0; ; failing += 1) {
    const disk = new WalTestDisk(createTestRandom(0.2));
    const { wal, repair } = openLog(disk, { segmentBytes: 160 });
    disk.do(repair);
    const hardState = { currentTerm: 1, votedFor: null };
    disk.do((done) => wal.append([testWrite({ hardState, entries: [testEntry(1, 1)] })], done));
    let count = 0;
    disk.fault = (operation, file) => {
      count += 1;
      return count === failing + 1 ? new DiskError('EIO', file, `${operation} failed`) : null;
    };
    const entries = [testEntry(2, 1, 'y'.repeat(60))];
    const error = disk.do((done) => wal.append([testWrite({ entries })], done));
    if (count <= failing) {
      expect([error, failing]).toEqual([null, 10]);
      return;
    }
    expect(error?.code).toBe('EIO');
    const found = openLog(disk, { segmentBytes: 160 });
    expect(found.hardState).toEqual(hardState);
    expect(found.entries.slice(0, 1).map(({ index }) => index)).toEqual([1]);
  }
});
