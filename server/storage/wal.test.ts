import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FileDisk } from '../host/file-disk.ts';
import type { Random } from '../host.ts';
import type { Entry } from '../raft/entry.ts';
import type { Done } from './disk.ts';
import { encodeRecord, fileHeaderBytes, parseFileHeader, type WalWrite } from './wal.ts';
import { type RecoveredWal, recoverWal, WalCorruptionError } from './wal-recovery.ts';

const folders: string[] = [];
const disks: FileDisk[] = [];

afterEach(() => {
  for (const disk of disks.splice(0)) disk.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-wal-'));
  folders.push(folder);
  return folder;
}

function recover(folder: string): RecoveredWal {
  const disk = new FileDisk(folder);
  disks.push(disk);
  return recoverWal(disk, random);
}

/** A log as these bytes leave it. */
function recoverBytes(folder: string, bytes: Uint8Array): RecoveredWal {
  writeFileSync(join(folder, 'wal'), bytes);
  const recovered = recover(folder);
  disks.pop()?.close();
  return recovered;
}

let draws = 0;
const random: Random = {
  next: () => {
    draws += 1;
    return (draws * 0.754_877_666) % 1;
  },
};

function finished(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null ? resolve() : reject(error)));
  });
}

function entry(index: number, term: number, data = `${index}@${term}`): Entry {
  return { index, term, kind: 'command', data: Buffer.from(data) };
}

const records: readonly (readonly WalWrite[])[] = [
  [{ hardState: { currentTerm: 1, votedFor: 'n1' }, entries: [] }],
  [
    { hardState: null, entries: [entry(1, 1), entry(2, 1)] },
    { hardState: null, entries: [entry(3, 1)] },
  ],
  [{ hardState: { currentTerm: 2, votedFor: null }, entries: [entry(2, 2)] }],
  [{ hardState: null, entries: [entry(3, 2), entry(4, 2, 'longer than the others')] }],
];

/** What each number of whole records leaves. */
const promises = [
  { hardState: { currentTerm: 0, votedFor: null }, entries: [] },
  { hardState: { currentTerm: 1, votedFor: 'n1' }, entries: [] },
  {
    hardState: { currentTerm: 1, votedFor: 'n1' },
    entries: [entry(1, 1), entry(2, 1), entry(3, 1)],
  },
  { hardState: { currentTerm: 2, votedFor: null }, entries: [entry(1, 1), entry(2, 2)] },
  {
    hardState: { currentTerm: 2, votedFor: null },
    entries: [entry(1, 1), entry(2, 2), entry(3, 2), entry(4, 2, 'longer than the others')],
  },
];

function promiseOf({ hardState, entries }: RecoveredWal) {
  return { hardState, entries };
}

/** The bytes of a log, and where each of its records ends. */
async function writeLog(): Promise<{ bytes: Buffer; ends: readonly number[] }> {
  const folder = createFolder();
  const { wal, repair } = recover(folder);
  await finished(repair);
  const ends = [wal.endOffset];
  for (const writes of records) {
    await finished((done) => wal.append(writes, done));
    ends.push(wal.endOffset);
  }
  return { bytes: readFileSync(join(folder, 'wal')), ends };
}

test('a new log is empty, and what is appended is there at the next start', async () => {
  const folder = createFolder();
  const first = recover(folder);
  expect(promiseOf(first)).toEqual(promises[0]);
  await finished(first.repair);
  for (const [position, writes] of records.entries()) {
    await finished((done) => first.wal.append(writes, done));
    expect(promiseOf(recover(folder))).toEqual(promises[position + 1]);
  }
});

test('each truncation leaves exactly the whole records, and can be appended to', async () => {
  const { bytes, ends } = await writeLog();
  const folder = createFolder();
  for (let length = 0; length <= bytes.length; length += 1) {
    const whole = ends.filter((end) => end <= length).length - 1;
    const recovered = recoverBytes(folder, bytes.subarray(0, length));
    expect(promiseOf(recovered)).toEqual(promises[Math.max(whole, 0)]);
    expect(recovered.tornBytes).toBe(length - (ends[whole] ?? 0));
  }
});

test('a torn tail is cut off for good before anything is appended', async () => {
  const { bytes, ends } = await writeLog();
  for (const length of [3, fileHeaderBytes, (ends[2] ?? 0) + 5, bytes.length - 1]) {
    const folder = createFolder();
    writeFileSync(join(folder, 'wal'), bytes.subarray(0, length));
    const { wal, repair, hardState, entries } = recover(folder);
    await finished(repair);
    expect(readFileSync(join(folder, 'wal')).length).toBe(wal.endOffset);
    const added = { hardState: { currentTerm: 9, votedFor: 'n3' }, entries: [] };
    await finished((done) => wal.append([added], done));
    const again = recover(folder);
    expect(promiseOf(again)).toEqual({ hardState: added.hardState, entries });
    expect(hardState.currentTerm).toBeLessThan(9);
  }
});

test('each damaged byte is refused with its place, or was in the last record', async () => {
  const { bytes, ends } = await writeLog();
  const folder = createFolder();
  const lastStart = ends[records.length - 1] ?? 0;
  for (let place = 0; place < bytes.length; place += 1) {
    for (const mask of [0x01, 0x80, 0xff]) {
      const damaged = Buffer.from(bytes);
      damaged[place] = (damaged[place] ?? 0) ^ mask;
      if (place >= lastStart) {
        expect(promiseOf(recoverBytes(folder, damaged))).toEqual(promises[records.length - 1]);
        continue;
      }
      const offset = place < fileHeaderBytes ? 0 : ends.findLast((end) => end <= place);
      expect(() => recoverBytes(folder, damaged)).toThrow(WalCorruptionError);
      expect(() => recoverBytes(folder, damaged)).toThrow(`wal is corrupt at byte ${offset}:`);
      disks.splice(0).forEach((disk) => {
        disk.close();
      });
    }
  }
});

test('zeros behind the last record are a torn tail', async () => {
  const { bytes } = await writeLog();
  const recovered = recoverBytes(createFolder(), Buffer.concat([bytes, Buffer.alloc(5000)]));
  expect(promiseOf(recovered)).toEqual(promises[records.length]);
  expect(recovered.tornBytes).toBe(5000);
});

test('a value that looks like a record does not make a torn tail look like damage', async () => {
  const { bytes, ends } = await writeLog();
  const marker = parseFileHeader(bytes) ?? 0;
  const lookAlike = bytes.subarray(ends[0], ends[1]);
  const entries = [{ ...entry(5, 2), data: Buffer.concat([lookAlike, lookAlike]) }];
  const writes = [{ hardState: null, entries }];
  const record = encodeRecord(writes, { marker, endOffset: bytes.length });
  const torn = Buffer.concat([bytes, record.subarray(0, -1)]);
  expect(promiseOf(recoverBytes(createFolder(), torn))).toEqual(promises[records.length]);
});

test('a record that no server can have written is refused though its checksum holds', async () => {
  const { bytes } = await writeLog();
  const marker = parseFileHeader(bytes) ?? 0;
  const impossible: readonly WalWrite[] = [
    { hardState: null, entries: [entry(9, 2)] },
    { hardState: null, entries: [entry(5, 1)] },
    { hardState: { currentTerm: 1, votedFor: null }, entries: [] },
  ];
  for (const write of impossible) {
    const record = encodeRecord([write], { marker, endOffset: bytes.length });
    const log = Buffer.concat([bytes, record]);
    expect(() => recoverBytes(createFolder(), log)).toThrow(`corrupt at byte ${bytes.length}:`);
  }
});

test('a log much longer than the window is read whole', async () => {
  const folder = createFolder();
  const { wal, repair } = recover(folder);
  await finished(repair);
  const data = Buffer.alloc(300_000, 'x');
  const entries = Array.from({ length: 12 }, (_, position) => ({
    ...entry(position + 1, 1),
    data,
  }));
  for (const one of entries) {
    await finished((done) => wal.append([{ hardState: null, entries: [one] }], done));
  }
  expect(recover(folder).entries).toEqual(entries);
  const bytes = readFileSync(join(folder, 'wal'));
  bytes[100] = 0;
  expect(() => recoverBytes(folder, bytes)).toThrow(`corrupt at byte ${fileHeaderBytes}:`);
});
