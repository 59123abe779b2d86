/**
 * Entries and hard state as bytes, in a compact form made for the write-ahead log: index and term
 * of an entry mostly follow from the one before it, and lengths take as few bytes as they need.
 *
 * What comes back from a disk may be anything until it has been narrowed here.
 */
import type { Entry, EntryId, EntryKind, HardState } from './raft/entry.ts';

/** The value has not the shape that it should have. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** A natural number. Throws ShapeError. */
export function parseCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ShapeError(`${what} is not a natural number`);
  }
  return value;
}

/** Seven bits a byte: 53 bits need eight of them. */
const countBytesMax = 8;

// These numbers lie in logs on disk: they may be added to, and never change their meaning. Three is
// free; beside the kind stands one bit that says that a new term begins.
const kindCodes: Readonly<Record<EntryKind, number>> = {
  command: 0,
  'no-op': 1,
  configuration: 2,
};
const kinds: readonly EntryKind[] = ['command', 'no-op', 'configuration'];
const newTermBit = 4;
const headUnit = 8;

/** Room for these entries, never too little. */
export function entriesBytesMax(entries: readonly Entry[]): number {
  let bytes = 3 * countBytesMax;
  for (const { data } of entries) bytes += 2 * countBytesMax + data.length;
  return bytes;
}

/** They are contiguous and their terms never fall, as in every log. */
export function writeEntries(writer: CountWriter, entries: readonly Entry[]): void {
  const first = entries[0];
  writer.count(entries.length);
  if (first === undefined) return;
  writer.count(first.index);
  writer.count(first.term);
  let term = first.term;
  for (const entry of entries) {
    const rise = entry.term - term;
    const flags = kindCodes[entry.kind] + (rise > 0 ? newTermBit : 0);
    writer.count(entry.data.length * headUnit + flags);
    if (rise > 0) writer.count(rise);
    writer.bytes(entry.data);
    term = entry.term;
  }
}

/** Their data are parts of the bytes that are read. Throws ShapeError. */
export function readEntries(reader: CountReader): readonly Entry[] {
  const length = reader.count('the number of entries');
  if (length === 0) return [];
  if (length > reader.left) throw new ShapeError(`${length} entries in ${reader.left} bytes`);
  const firstIndex = reader.count('index');
  if (firstIndex === 0) throw new ShapeError('an entry has index 0');
  if (!Number.isSafeInteger(firstIndex + length)) throw new ShapeError('an index is too large');
  let term = reader.count('term');
  const entries: Entry[] = new Array<Entry>(length);
  for (let position = 0; position < length; position += 1) {
    const head = reader.count('the head of an entry');
    const flags = head % headUnit;
    if (flags >= newTermBit) term += reader.count('the rise of the term');
    const kind = kinds[flags % newTermBit];
    if (kind === undefined) throw new ShapeError(`no kind of entry has the code ${flags}`);
    const data = reader.bytes((head - flags) / headUnit);
    entries[position] = { term, index: firstIndex + position, kind, data };
  }
  if (!Number.isSafeInteger(term)) throw new ShapeError('a term is too large');
  return entries;
}

export function hardStateBytesMax({ votedFor }: HardState): number {
  return 2 * countBytesMax + (votedFor === null ? 0 : Buffer.byteLength(votedFor));
}

export function writeHardState(writer: CountWriter, { currentTerm, votedFor }: HardState): void {
  writer.count(currentTerm);
  const name = votedFor === null ? emptyBytes : Buffer.from(votedFor);
  writer.count(name.length);
  writer.bytes(name);
}

/** Throws ShapeError. */
export function readHardState(reader: CountReader): HardState {
  const currentTerm = reader.count('currentTerm');
  const name = reader.bytes(reader.count('the length of votedFor'));
  return { currentTerm, votedFor: name.length === 0 ? null : parseText(name, 'votedFor') };
}

export const entryIdBytesMax: number = 2 * countBytesMax;

export function writeEntryId(writer: CountWriter, { index, term }: EntryId): void {
  writer.count(index);
  writer.count(term);
}

/** Throws ShapeError. */
export function readEntryId(reader: CountReader): EntryId {
  const index = reader.count('index');
  return { index, term: reader.count('term') };
}

const emptyBytes: Buffer = Buffer.alloc(0);
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws ShapeError. */
export function parseText(bytes: Uint8Array, what: string): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw new ShapeError(`${what} is not UTF-8`);
  }
}

/** Writes into room that was measured before. */
export class CountWriter {
  readonly #room: Buffer;
  #offset: number;

  constructor(room: Buffer, offset: number) {
    this.#room = room;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  byte(value: number): void {
    this.#room[this.#offset] = value;
    this.#offset += 1;
  }

  /** Seven bits a byte, the lowest first; the eighth bit says that more follow. */
  count(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  bytes(value: Uint8Array): void {
    this.#room.set(value, this.#offset);
    this.#offset += value.length;
  }
}

export class CountReader {
  readonly #source: Buffer;
  #offset = 0;

  constructor(source: Buffer) {
    this.#source = source;
  }

  get left(): number {
    return this.#source.length - this.#offset;
  }

  /** Throws ShapeError. */
  byte(what: string): number {
    const value = this.#source[this.#offset];
    if (value === undefined) throw new ShapeError(`the bytes end before ${what}`);
    this.#offset += 1;
    return value;
  }

  /** Throws ShapeError. */
  count(what: string): number {
    let value = 0;
    let unit = 1;
    for (let position = 0; position < countBytesMax; position += 1) {
      const byte = this.byte(what);
      value += (byte % 0x80) * unit;
      if (byte < 0x80) return parseCount(value, what);
      unit *= 0x80;
    }
    throw new ShapeError(`${what} is too large`);
  }

  /** A part of the source, not a copy. Throws ShapeError. */
  bytes(length: number): Buffer {
    if (length > this.left) throw new ShapeError(`${length} bytes where ${this.left} are left`);
    const end = this.#offset + length;
    const bytes = this.#source.subarray(this.#offset, end);
    this.#offset = end;
    return bytes;
  }
}
