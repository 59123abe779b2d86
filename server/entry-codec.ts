/**
 * Entries and hard state as msgpack values: the same on the wire and in the write-ahead log.
 *
 * A value that comes from either is unknown until it has been narrowed here.
 */
import type { Entry, EntryKind, HardState } from './raft/entry.ts';

/** The value has not the shape that it should have. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

export type EncodedEntry = readonly [number, number, number, Uint8Array];

// These numbers lie in logs on disk: they may be added to, and never change their meaning.
const kindCodes: Readonly<Record<EntryKind, number>> = {
  command: 0,
  'no-op': 1,
  configuration: 2,
};
const kinds: readonly EntryKind[] = ['command', 'no-op', 'configuration'];

export function encodeEntry(entry: Entry): EncodedEntry {
  return [entry.term, entry.index, kindCodes[entry.kind], entry.data];
}

/** Throws ShapeError. */
function parseEntry(value: unknown): Entry {
  if (!Array.isArray(value) || value.length !== 4) throw new ShapeError('an entry has four fields');
  const kind = kinds[parseCount(value[2], 'kind')];
  if (kind === undefined) throw new ShapeError(`no kind of entry has the code ${value[2]}`);
  const data: unknown = value[3];
  if (!(data instanceof Uint8Array)) throw new ShapeError('the data of an entry is not bytes');
  const term = parseCount(value[0], 'term');
  const index = parseCount(value[1], 'index');
  if (index === 0) throw new ShapeError('an entry has index 0');
  return { term, index, kind, data };
}

/** Contiguous and of rising terms, as in every log. Throws ShapeError. */
export function parseEntries(value: unknown): readonly Entry[] {
  if (!Array.isArray(value)) throw new ShapeError('the entries are not a list');
  const entries = value.map(parseEntry);
  for (const [position, entry] of entries.entries()) {
    const before = entries[position - 1];
    if (before === undefined) continue;
    if (entry.index !== before.index + 1 || entry.term < before.term) {
      throw new ShapeError(
        `entry ${entry.index} of term ${entry.term} follows ${before.index} of ${before.term}`,
      );
    }
  }
  return entries;
}

export type EncodedHardState = readonly [number, string | null];

export function encodeHardState(hardState: HardState): EncodedHardState {
  return [hardState.currentTerm, hardState.votedFor];
}

/** Throws ShapeError. */
export function parseHardState(value: unknown): HardState {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new ShapeError('a hard state has two fields');
  }
  const votedFor: unknown = value[1];
  if (votedFor !== null && typeof votedFor !== 'string') {
    throw new ShapeError('votedFor is neither a name nor null');
  }
  return { currentTerm: parseCount(value[0], 'currentTerm'), votedFor };
}

/** A natural number. Throws ShapeError. */
export function parseCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ShapeError(`${what} is not a natural number`);
  }
  return value;
}

/** Throws ShapeError. */
export function parseFlag(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') throw new ShapeError(`${what} is not a boolean`);
  return value;
}

/** Throws ShapeError. */
export function parseName(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw new ShapeError(`${what} is not a name`);
  return value;
}
