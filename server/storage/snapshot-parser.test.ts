import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShapeError } from '../entry-codec.ts';
import { pieceBytesMax, SnapshotEncoder } from './snapshot-format.ts';
import { SnapshotCorruptionError, SnapshotParser } from './snapshot-parser.ts';
import { recoverSnapshots } from './snapshot-store.ts';
import { TestMachine } from './snapshot-test-disk.ts';
import { foreignSnapshot, metaOf, TestSink } from './snapshot-test-state.ts';

const file = 'snapshot-0000000000000007-0000000000000001';
const { bytes: small, state, stored } = foreignSnapshot(7);

/** What a start makes of a directory with this file. */
function start(bytes: Uint8Array): { state: string; stored: unknown } {
  const machine = new TestMachine(1);
  machine.place(file, bytes);
  const { store } = recoverSnapshots(machine.host());
  const sink = new TestSink();
  store.loadSync(sink);
  return { state: sink.state, stored: store.current };
}

function refusalOf(bytes: Uint8Array): SnapshotCorruptionError {
  try {
    start(bytes);
  } catch (error) {
    if (error instanceof SnapshotCorruptionError) return error;
    throw error;
  }
  throw new RangeError('it was taken');
}

function encode(pieces: readonly Uint8Array[]): Buffer {
  const encoder = new SnapshotEncoder(metaOf(7));
  const encoded = pieces.map((piece) => encoder.encodePiece(piece));
  return Buffer.concat([encoder.header, ...encoded, encoder.encodeFooter()]);
}

test('what was written is what is read', () => {
  expect(start(small)).toEqual({ state, stored });
  expect(stored).toMatchObject({ meta: metaOf(7), fileBytes: small.length });
});

test('every flip of bits in any one byte is refused, and the file is named', () => {
  for (let position = 0; position < small.length; position += 1) {
    for (const bits of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const flipped = Buffer.from(small);
      flipped.writeUInt8(small.readUInt8(position) ^ bits, position);
      const refusal = refusalOf(flipped);
      expect(refusal.file).toBe(file);
      expect(refusal.offset).toBeLessThanOrEqual(position);
      expect(refusal.message).toMatch(/corrupt at byte \d+.*restore the data directory/);
    }
  }
});

test('every truncation is refused, and so is anything behind the end', () => {
  for (let length = 0; length < small.length; length += 1) {
    expect(refusalOf(small.subarray(0, length)).file).toBe(file);
  }
  expect(refusalOf(Buffer.concat([small, Buffer.from([0])])).file).toBe(file);
  expect(refusalOf(Buffer.concat([small, small])).file).toBe(file);
});

test('a file that is cut or goes on behind its end is refused before its state is read', () => {
  const machine = new TestMachine(1);
  for (const bytes of [small.subarray(0, -1), Buffer.concat([small, small])]) {
    machine.place(file, bytes);
    expect(() => recoverSnapshots(machine.host())).toThrow(SnapshotCorruptionError);
  }
  const parser = new SnapshotParser(file, null);
  parser.push(small);
  expect(parser.finish()).toEqual(stored);
  expect(() => parser.push(Buffer.from([0]))).toThrow(/something follows the footer/);
});

test('a format that is not known is called that', () => {
  const { header } = new SnapshotEncoder(metaOf(7));
  const later = Buffer.from(header.subarray(0, -4));
  later.writeUInt32LE(2, 8);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(later), 0);
  const { what } = refusalOf(Buffer.concat([later, checksum, small.subarray(header.length)]));
  expect(what).toBe('its format 2 is not known to this version of the server');
});

test('pieces that changed places or came from another snapshot are refused', () => {
  const parts = ['aaaa', 'bbbb', 'cccc'].map((text) => Buffer.from(text));
  const whole = encode(parts);
  const length = 8 + 4;
  const first = whole.length - 16 - 3 * length;
  const swapped = Buffer.from(whole);
  whole.copy(swapped, first, first + length, first + 2 * length);
  whole.copy(swapped, first + length, first, first + length);
  expect(refusalOf(swapped).offset).toBe(first);
  const other = encode(['dddd', 'bbbb', 'cccc'].map((text) => Buffer.from(text)));
  const mixed = Buffer.concat([other.subarray(0, first + length), whole.subarray(first + length)]);
  expect(refusalOf(mixed).offset).toBe(first + length);
});

test('a file is known by its checksum: other contents, another checksum', () => {
  const checksums = new Set<number>();
  for (let count = 0; count < 1000; count += 1) {
    const encoder = new SnapshotEncoder(metaOf(7));
    encoder.encodePiece(Buffer.from(String(count).padStart(8, '0')));
    encoder.encodeFooter();
    checksums.add(encoder.checksum);
  }
  expect(checksums.size).toBe(1000);
});

test('a file under the name of another snapshot is refused', () => {
  const machine = new TestMachine(1);
  machine.place('snapshot-0000000000000008-0000000000000001', small);
  expect(() => recoverSnapshots(machine.host())).toThrow(/holds the snapshot 7 of term 1/);
});

test('however a file is cut, the pieces make up the same state', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 }),
      (pieces, cuts) => {
        const whole = encode(pieces);
        const sink = new TestSink();
        const parser = new SnapshotParser(file, sink);
        for (let offset = 0, turn = 0; offset < whole.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          parser.push(whole.subarray(offset, offset + length));
          offset += length;
        }
        expect(parser.finish().fileBytes).toBe(whole.length);
        expect(sink.state).toBe(Buffer.concat(pieces).toString());
      },
    ),
    { numRuns: 200 },
  );
});

test('a piece that is longer than a piece may be is cut', () => {
  const long = Buffer.alloc(2 * pieceBytesMax + 1, 'x');
  expect(start(encode([long])).state).toBe(long.toString());
});

test('what the state machine cannot read is damage too, at the piece where it stopped', () => {
  const parser = new SnapshotParser(file, {
    push: () => {
      throw new ShapeError('no such key');
    },
  });
  expect(() => parser.push(small)).toThrow(/corrupt at byte \d+: no such key/);
});

test('meta data of another form are refused though their checksum holds', () => {
  const bad = { ...metaOf(7), lastIncludedTerm: -1 };
  const encoder = new SnapshotEncoder(bad);
  expect(refusalOf(Buffer.concat([encoder.header, encoder.encodeFooter()])).what).toMatch(
    /lastIncludedTerm/,
  );
  const late = { ...metaOf(7), configuration: { ...metaOf(7).configuration, index: 8 } };
  const other = new SnapshotEncoder(late);
  expect(refusalOf(Buffer.concat([other.header, other.encodeFooter()])).what).toMatch(
    /configuration of its time/,
  );
});
