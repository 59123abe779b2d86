import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CountReader,
  CountWriter,
  entriesBytesMax,
  hardStateBytesMax,
  readEntries,
  readHardState,
  ShapeError,
  writeEntries,
  writeHardState,
} from './entry-codec.ts';
import type { Entry, EntryKind, HardState } from './raft/entry.ts';

const count = fc.oneof(
  fc.nat({ max: 300 }),
  fc.maxSafeNat().map((value) => Math.floor(value / 2)),
  fc.constantFrom(0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 52),
);

const entries: fc.Arbitrary<readonly Entry[]> = fc
  .record({
    firstIndex: count.map((value) => value + 1),
    term: count,
    rest: fc.array(
      fc.record({
        kind: fc.constantFrom<EntryKind>('command', 'no-op', 'configuration'),
        rise: fc.oneof(fc.constant(0), fc.nat({ max: 1000 })),
        data: fc.uint8Array({ maxLength: 200 }),
      }),
      { maxLength: 12 },
    ),
  })
  .map(({ firstIndex, term: firstTerm, rest }) => {
    let term = firstTerm;
    return rest.map(({ kind, rise, data }, position) => {
      term += rise;
      return { term, index: firstIndex + position, kind, data };
    });
  });

const hardStates: fc.Arbitrary<HardState> = fc.record({
  currentTerm: fc.maxSafeNat(),
  votedFor: fc.oneof(fc.constant(null), fc.string({ minLength: 1, unit: 'grapheme' })),
});

function bytesOf(list: readonly Entry[]): Buffer {
  const room = Buffer.alloc(entriesBytesMax(list));
  const writer = new CountWriter(room, 0);
  writeEntries(writer, list);
  return room.subarray(0, writer.offset);
}

function plain(list: readonly Entry[]): readonly Entry[] {
  return list.map((entry) => ({ ...entry, data: new Uint8Array(entry.data) }));
}

test('entries come back as they went, and never need more room than was measured', () => {
  fc.assert(
    fc.property(entries, (list) => {
      const reader = new CountReader(bytesOf(list));
      expect(plain(readEntries(reader))).toEqual(plain(list));
      expect(reader.left).toBe(0);
    }),
  );
});

test('a hard state comes back as it went', () => {
  fc.assert(
    fc.property(hardStates, (hardState) => {
      const room = Buffer.alloc(hardStateBytesMax(hardState));
      const writer = new CountWriter(room, 0);
      writeHardState(writer, hardState);
      const reader = new CountReader(room.subarray(0, writer.offset));
      expect(readHardState(reader)).toEqual(hardState);
      expect(reader.left).toBe(0);
    }),
  );
});

test('entries that are cut off anywhere are refused', () => {
  fc.assert(
    fc.property(
      entries,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (list, share) => {
        const bytes = bytesOf(list);
        const cut = bytes.subarray(0, Math.floor(share * bytes.length));
        expect(() => readEntries(new CountReader(cut))).toThrow(ShapeError);
      },
    ),
  );
});

test('any bytes are a log’s entries or refused by name, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      let read: readonly Entry[];
      try {
        read = readEntries(new CountReader(Buffer.from(bytes)));
      } catch (error) {
        if (error instanceof ShapeError) return;
        throw error;
      }
      for (const [position, entry] of read.entries()) {
        const before = read[position - 1];
        expect(Number.isSafeInteger(entry.index) && entry.index > 0).toBe(true);
        expect(Number.isSafeInteger(entry.term)).toBe(true);
        if (before === undefined) continue;
        expect(entry.index).toBe(before.index + 1);
        expect(entry.term).toBeGreaterThanOrEqual(before.term);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a count above 2^53 - 1 is refused, the largest one is not', () => {
  const room = Buffer.alloc(8);
  const writer = new CountWriter(room, 0);
  writer.count(Number.MAX_SAFE_INTEGER);
  expect(writer.offset).toBe(8);
  expect(new CountReader(room).count('it')).toBe(Number.MAX_SAFE_INTEGER);
  const larger = Buffer.from(room);
  larger[7] = (larger[7] ?? 0) + 1;
  expect(() => new CountReader(larger).count('it')).toThrow('it is not a natural number');
  const endless = Buffer.alloc(20, 0xff);
  expect(() => new CountReader(endless).count('it')).toThrow('it is too large');
});

test('a command takes a few bytes beside its data', () => {
  const data = new Uint8Array(1000);
  const list = Array.from({ length: 100 }, (_, position): Entry => {
    return { term: 70_000, index: 5_000_000 + position, kind: 'command', data };
  });
  expect(bytesOf(list).length).toBeLessThan(100 * 1002 + 12);
});
