import { expect, test } from 'vitest';
import { WalCorruptionError } from './wal-corruption-error.ts';
import { closeRecordBytes } from './wal-record.ts';
import { segmentFile } from './wal-segment.ts';
import { WalTestDisk } from './wal-test-disk.ts';
import {
  createTestRandom,
  headerEnd,
  openLog,
  type Promised,
  promiseOf,
  type TestLog,
  testEntry,
  testRecords,
  testSegmentBytes,
  testWrite,
  writeTestLog,
} from './wal-test-log.ts';

const whole = testRecords.length;
const marked = writeTestLog(true);
const unmarked = writeTestLog(false);
const liveFile = [...marked.files.keys()].sort().at(-1) ?? '';

function damagedBytes(log: TestLog, file: string, change: (bytes: Buffer) => Buffer): WalTestDisk {
  const bytes = log.files.get(file);
  if (bytes === undefined) throw new RangeError(`no ${file}`);
  return WalTestDisk.holding(new Map([...log.files, [file, change(Buffer.from(bytes))]]));
}

/** The refusal, or what is left; if asked, it must stay so after the repair, and be of use. */
function openDamaged(disk: WalTestDisk, thoroughly = true): WalCorruptionError | Promised {
  try {
    const log = openLog(disk);
    const found = promiseOf(log);
    if (!thoroughly) return found;
    expect(disk.do(log.repair)).toBe(null);
    expect(promiseOf(openLog(disk))).toEqual(found);
    const next = testEntry(log.entries.length + 1, 9);
    const hardState = { currentTerm: 9, votedFor: null };
    expect(
      disk.do((done) => log.wal.append([testWrite({ hardState, entries: [next] })], done)),
    ).toBe(null);
    expect(promiseOf(openLog(disk)).entries).toEqual([...found.entries, next]);
    return found;
  } catch (error) {
    if (error instanceof WalCorruptionError) return error;
    throw error;
  }
}

type Outcome = 'refused' | 'nothing lost' | 'last record lost' | 'wrong';

function outcomeOf(disk: WalTestDisk, { promises }: TestLog, thoroughly = true): Outcome {
  const found = openDamaged(disk, thoroughly);
  if (found instanceof WalCorruptionError) {
    const { message, file, offset } = found;
    const clear =
      message.startsWith(`${file} is corrupt at byte ${offset}: `) &&
      message.includes('; restore the data directory');
    return clear ? 'refused' : 'wrong';
  }
  if (JSON.stringify(found) === JSON.stringify(promises[whole])) return 'nothing lost';
  if (JSON.stringify(found) === JSON.stringify(promises[whole - 1])) return 'last record lost';
  return 'wrong';
}

type Region = 'header' | 'record' | 'mark' | 'last record' | 'closing record' | 'unused';

function regionOf({ spans }: TestLog, file: string, position: number): Region {
  if (position < headerEnd) return 'header';
  const span = spans.find(({ file: of, to }) => of === file && position < to);
  if (span !== undefined) {
    if (position >= span.mark) return 'mark';
    return span === spans.at(-1) ? 'last record' : 'record';
  }
  const end = Math.max(...spans.filter(({ file: of }) => of === file).map(({ to }) => to));
  return file !== liveFile && position < end + closeRecordBytes ? 'closing record' : 'unused';
}

/** All that may come of a flip in each region: asserted for each byte there. */
const outcomes: Readonly<Record<Region, Outcome>> = {
  header: 'refused',
  record: 'refused',
  'last record': 'refused',
  mark: 'nothing lost',
  'closing record': 'nothing lost',
  unused: 'nothing lost',
};

test('the small log has three segments, records of every kind, and room behind the last', () => {
  expect([...marked.files.keys()]).toEqual([1, 2, 3].map(segmentFile));
  for (const bytes of marked.files.values()) expect(bytes.length).toBe(testSegmentBytes);
  const regions = new Set<Region>();
  for (const file of marked.files.keys()) {
    for (let at = 0; at < testSegmentBytes; at += 1) regions.add(regionOf(marked, file, at));
  }
  expect([...regions].sort()).toEqual(Object.keys(outcomes).sort());
});

test('each flipped bit is repaired without loss, or refused: no promise is forgotten', () => {
  for (const [file, { length }] of marked.files) {
    for (let position = 0; position < length; position += 1) {
      const flips = position < headerEnd ? 255 : 8;
      for (let flip = 0; flip < flips; flip += 1) {
        const mask = flips === 255 ? flip + 1 : 1 << flip;
        const disk = damagedBytes(marked, file, (bytes) => {
          bytes[position] = (bytes[position] ?? 0) ^ mask;
          return bytes;
        });
        const expected = outcomes[regionOf(marked, file, position)];
        const outcome = outcomeOf(disk, marked, flip === 0);
        if (outcome !== expected) {
          throw new Error(`${file} byte ${position} mask ${mask}: ${outcome}, not ${expected}`);
        }
      }
    }
  }
}, 60_000);

test('without a mark exactly the last record may look torn, and nothing else is lost', () => {
  for (const [file, { length }] of unmarked.files) {
    for (let position = headerEnd; position < length; position += 1) {
      for (let bit = 0; bit < 8; bit += 1) {
        const disk = damagedBytes(unmarked, file, (bytes) => {
          bytes[position] = (bytes[position] ?? 0) ^ (1 << bit);
          return bytes;
        });
        const region = regionOf(unmarked, file, position);
        const expected = region === 'last record' ? 'last record lost' : outcomes[region];
        const outcome = outcomeOf(disk, unmarked, bit === 0);
        if (outcome !== expected) {
          throw new Error(`${file} byte ${position} bit ${bit}: ${outcome}, not ${expected}`);
        }
      }
    }
  }
}, 60_000);

test('each truncation and each extension of a segment is refused, naming file and size', () => {
  for (const [file, { length }] of marked.files) {
    for (let size = 0; size < length; size += 1) {
      const error = openDamaged(damagedBytes(marked, file, (bytes) => bytes.subarray(0, size)));
      expect(error).toBeInstanceOf(WalCorruptionError);
      expect(String(error)).toContain(`${file} is corrupt at byte 0: `);
      if (size >= headerEnd) {
        expect(String(error)).toContain(`${size} bytes and was made with ${length}`);
      }
    }
    const grown = damagedBytes(marked, file, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]));
    expect(outcomeOf(grown, marked)).toBe('refused');
  }
});

test('each part of the last write that reaches the disk is the whole record or none of it', () => {
  const last = unmarked.spans.at(-1);
  if (last === undefined) throw new RangeError('no record');
  for (let from = last.from; from < last.mark; from += 1) {
    for (let to = from + 1; to <= last.mark; to += 1) {
      const disk = damagedBytes(unmarked, last.file, (bytes) => bytes.fill(0, from, to));
      const outcome = outcomeOf(disk, unmarked, from === last.from);
      const lost = unmarked.files
        .get(last.file)
        ?.subarray(from, to)
        .some((byte) => byte !== 0);
      if (outcome !== (lost ? 'last record lost' : 'nothing lost')) {
        throw new Error(`zeros from ${from} to ${to}: ${outcome}`);
      }
    }
  }
});

test('a missing segment is refused, be it the first, one between or the last', () => {
  for (const file of marked.files.keys()) {
    const files = new Map(marked.files);
    files.delete(file);
    const error = openDamaged(WalTestDisk.holding(files));
    expect(error).toBeInstanceOf(WalCorruptionError);
    const expected =
      file === segmentFile(1) ? 'no snapshot' : `${file} is corrupt at byte 0: it is missing`;
    expect(String(error)).toContain(expected);
  }
});

test('segments and records that are swapped, doubled or from another log are refused', () => {
  const [first, second, third] = [1, 2, 3].map(segmentFile);
  if (first === undefined || second === undefined || third === undefined) throw new RangeError();
  const bytesOf = (log: TestLog, file: string): Buffer => log.files.get(file) ?? Buffer.alloc(0);
  const other = new WalTestDisk(createTestRandom(0.9));
  const otherLog = openLog(other, { seed: 0.77 });
  other.do(otherLog.repair);
  for (const writes of testRecords) other.do((done) => otherLog.wal.append(writes, done));
  for (const [file, bytes] of [
    [second, bytesOf(marked, third)],
    [third, bytesOf(marked, second)],
    [first, bytesOf(marked, second)],
    ...[first, second, third].map((name): [string, Buffer] => [
      name,
      other.contents().get(name) ?? Buffer.alloc(0),
    ]),
  ] as [string, Buffer][]) {
    const disk = damagedBytes(marked, file, () => bytes);
    expect(outcomeOf(disk, marked)).toBe('refused');
  }
});

test('a record that stands where another one stood is refused', () => {
  for (const one of marked.spans) {
    for (const two of marked.spans) {
      if (one === two || one.mark - one.from > two.mark - two.from) continue;
      const source = Buffer.from(marked.files.get(one.file)?.subarray(one.from, one.to) ?? []);
      const disk = damagedBytes(marked, two.file, (bytes) => {
        bytes.set(source, two.from);
        return bytes;
      });
      expect(outcomeOf(disk, marked)).toBe('refused');
    }
  }
});
