/**
 * The values of a key that somebody saw, those that these were made of, and who made each.
 *
 * An append of a text that was appended more than once may have made any of several values. Where
 * the value before it was there only once, so was the one after it, and then those appends are
 * left out that began after somebody had seen it, that had returned before it could be made, and
 * that are known to have made another one. One must be left, or it is not decided. By induction
 * from the absent value, or from a put, all values here were there only once.
 */
import { rowsSortedBy } from '../packed-sort.ts';
import { PrefixTable } from './kv-texts.ts';
import { type KvRows, type KvWriters, kvFunction, nobody, several } from './kv-writers.ts';

/** The value id of nothing. */
export const absent = 0;

/** By value id: 0 is absent, the others are what somebody saw or what that was made of. */
export interface KvValues {
  /** The row of who made it, -1 for nobody. */
  readonly maker: readonly number[];
  /** All rows that could have, were it not for other values. */
  readonly makers: readonly (readonly number[])[];
  /** What an append made it of. */
  readonly before: readonly number[];
  /** Those that others could have made too, were it not for what was seen when. */
  readonly contested: ReadonlySet<number>;
  /** The row of the get that returned first of all that saw it, or what came of it. */
  readonly witness: readonly number[];
  /** By value id: the row after which it was made, where that tells who made it. */
  readonly after: ReadonlyMap<number, number>;
  /** By row: the value that a get saw, and that a put or an append made; else -1. */
  readonly seenBy: Int32Array;
  readonly madeBy: Int32Array;
  valueAt(id: number): unknown;
}

export type KvTrouble =
  | { readonly type: 'undecided'; readonly reason: string }
  /** One operation made two values that somebody saw. */
  | {
      readonly type: 'twice';
      readonly row: number;
      readonly values: KvValues;
      readonly ids: readonly [number, number];
    };

const severalMakers = 'more than one operation can have made a value';

export class SeenValues implements KvValues {
  readonly #rows: KvRows;
  readonly #writers: KvWriters;
  readonly #prefixes = new PrefixTable();
  /** By number of a prefix: its value id; and the other way round, -1 for what is no text. */
  readonly #idOfPrefix: number[] = [];
  readonly #prefixOf: number[] = [-1];
  readonly #idByTableId = new Map<number, number>();
  readonly #otherValues = new Map<number, unknown>();
  readonly maker: number[] = [-1];
  readonly makers: (readonly number[])[] = [nobody];
  readonly contested: Set<number> = new Set();
  readonly before: number[] = [absent];
  readonly witness: number[] = [-1];
  readonly after: Map<number, number> = new Map();
  readonly seenBy: Int32Array;
  readonly madeBy: Int32Array;
  /** By value id: of the gets that saw it the one that was invoked last. */
  readonly #lastGet: number[] = [];
  /** Values of which it is not known yet which append made them. */
  readonly #open: number[] = [];
  /** For the text at hand; found when it is needed. */
  #makeable: ReadonlySet<number> | null = null;
  #trouble: KvTrouble | null = null;

  constructor(rows: KvRows, writers: KvWriters) {
    this.#rows = rows;
    this.#writers = writers;
    this.seenBy = new Int32Array(rows.columns.count).fill(-1);
    this.madeBy = new Int32Array(rows.columns.count).fill(-1);
  }

  get count(): number {
    return this.maker.length;
  }

  valueAt(id: number): unknown {
    const prefix = this.#prefixOf[id] ?? -1;
    if (prefix < 0) return this.#otherValues.get(id) ?? null;
    return (this.#prefixes.texts[prefix] ?? '').slice(0, this.#prefixes.lengths[prefix]);
  }

  /** Finds who made each value that some get saw; what stands in the way, if anything. */
  addAll(): KvTrouble | null {
    const { columns, kind } = this.#rows;
    // By return, so that the first get to see a value is the first to have returned.
    for (const row of rowsSortedBy(columns.return)) {
      if (kind[row] !== kvFunction.get || this.#rows.isOpen(row)) continue;
      const tableId = this.#rows.seenId(row);
      const id = this.#idByTableId.get(tableId) ?? this.#seeValue(row, tableId);
      this.#idByTableId.set(tableId, id);
      this.seenBy[row] = id;
      const last = this.#lastGet[id] ?? -1;
      if (last < row) this.#lastGet[id] = row;
      if (this.#trouble?.type === 'undecided') return this.#trouble;
    }
    this.#settleOpen();
    return this.#trouble;
  }

  #seeValue(row: number, tableId: number): number {
    const value = this.#rows.seen(row);
    if (value === null) return absent;
    if (typeof value === 'string') return this.#seeText(value, row);
    const id = this.#add(-1, row);
    this.#otherValues.set(id, value);
    const maker = this.#writers.makerOfOther(tableId);
    if (maker === several) this.#undecided(severalMakers);
    else if (maker >= 0) this.#setMaker(id, maker);
    return id;
  }

  /** Goes back from the whole text, one append after the other. */
  #seeText(text: string, row: number): number {
    this.#prefixes.open(text);
    this.#writers.open(text);
    this.#makeable = null;
    const [whole, isNew] = this.#findOrAdd(text.length, row);
    let id = whole;
    for (let length = text.length, isUnknown = isNew; isUnknown; ) {
      this.#setMakers(id, this.#possibleMakers(text, length));
      const piece = this.#pieceLengthOf(id);
      if (piece === 0) break;
      length -= piece;
      if (length === 0) {
        // Nothing and the empty text are two values that an append leaves alike.
        if (this.#writers.hasEmptyPut) this.#undecided('a put of an empty text before an append');
        break;
      }
      const [earlier, isEarlierNew] = this.#findOrAdd(length, row);
      this.before[id] = earlier;
      id = earlier;
      isUnknown = isEarlierNew;
    }
    return whole;
  }

  /** Without those that append to something that no sequence of appends could have made. */
  #possibleMakers(text: string, length: number): readonly number[] {
    const all = this.#writers.makersOf(text, length);
    const [first = 0] = all;
    const piece = this.#pieceOf(first);
    if (all.every((row) => this.#pieceOf(row) === piece)) return all;
    this.#makeable ??= this.#findMakeable(text);
    const makeable = this.#makeable;
    return all.filter((row) => {
      const isPut = this.#rows.kind[row] === kvFunction.put;
      return isPut || makeable.has(length - this.#pieceOf(row));
    });
  }

  /** The lengths, of those on the way back, at which the text can have been a value. */
  #findMakeable(text: string): ReadonlySet<number> {
    const lengths = new Map<number, readonly number[]>();
    const waiting = [text.length];
    for (let length = waiting.pop(); length !== undefined; length = waiting.pop()) {
      if (length === 0 || lengths.has(length)) continue;
      const makers = this.#writers.makersOf(text, length);
      lengths.set(length, makers);
      for (const row of makers) waiting.push(length - this.#pieceOf(row));
    }
    const makeable = new Set([0]);
    for (const [length, makers] of [...lengths].sort(([a], [b]) => a - b)) {
      const isMakeable = makers.some(
        (row) =>
          this.#rows.kind[row] === kvFunction.put || makeable.has(length - this.#pieceOf(row)),
      );
      if (isMakeable) makeable.add(length);
    }
    return makeable;
  }

  #findOrAdd(length: number, row: number): [id: number, isNew: boolean] {
    const known = this.#prefixes.find(length);
    if (known >= 0) return [this.#idOfPrefix[known] ?? 0, false];
    const prefix = this.#prefixes.add(length);
    const id = this.#add(prefix, row);
    this.#idOfPrefix[prefix] = id;
    return [id, true];
  }

  #add(prefix: number, row: number): number {
    this.#prefixOf.push(prefix);
    this.maker.push(-1);
    this.makers.push(nobody);
    this.before.push(absent);
    this.witness.push(row);
    return this.maker.length - 1;
  }

  #setMakers(id: number, all: readonly number[]): void {
    const [first] = all;
    if (first === undefined) return;
    if (all.length === 1) {
      this.makers[id] = all;
      this.#setMaker(id, first);
      return;
    }
    this.contested.add(id);
    if (!this.#isOnce(id, all)) this.#undecided(severalMakers);
    const { call, return: returned } = this.#rows.columns;
    const seen = returned[this.witness[id] ?? 0] ?? 0;
    const isPut = (row: number): boolean => this.#rows.kind[row] === kvFunction.put;
    const early = all.filter((row) => isPut(row) || (call[row] ?? 0) < seen);
    // Where all began too late, any one of them shows it.
    const makers = early.length === 0 ? [first] : early;
    this.makers[id] = makers;
    if (makers.length === 1) this.#setMaker(id, makers[0] ?? first);
    else if (makers.some(isPut)) this.#undecided(severalMakers);
    else this.#open.push(id);
  }

  /**
   * Whether a value that several can have made was made only once: by appends to one and the
   * same value, or by a put, if the others are appends to nothing, which never comes back.
   */
  #isOnce(id: number, all: readonly number[]): boolean {
    const length = this.#prefixes.lengths[this.#prefixOf[id] ?? -1] ?? 0;
    const appends = all.filter((row) => this.#rows.kind[row] === kvFunction.append);
    const [piece = 0] = appends.map((row) => this.#pieceOf(row));
    if (appends.some((row) => this.#pieceOf(row) !== piece)) return false;
    if (piece === length && this.#writers.hasDelete) return false;
    return appends.length === all.length || (appends.length === all.length - 1 && piece === length);
  }

  #pieceOf(row: number): number {
    return String(this.#rows.written(row)).length;
  }

  /** How long the piece is that all who may have made it append; 0 when a put did, or nobody. */
  #pieceLengthOf(id: number): number {
    const [row] = this.makers[id] ?? [];
    if (row === undefined || this.#rows.kind[row] !== kvFunction.append) return 0;
    return this.#pieceOf(row);
  }

  #setMaker(id: number, row: number): void {
    this.maker[id] = row;
    const other = this.madeBy[row] ?? -1;
    this.madeBy[row] = id;
    if (other < 0) return;
    this.#trouble ??= { type: 'twice', row, values: this, ids: [other, id] };
  }

  /** Who made one value did not make another; so long as that tells anything new. */
  #settleOpen(): void {
    let open: readonly number[] = this.#open;
    while (open.length > 0 && this.#trouble === null) {
      const left = open.filter((id) => !this.#settle(id));
      if (left.length === open.length) this.#undecided(severalMakers);
      open = left;
    }
  }

  #settle(id: number): boolean {
    const makers = this.makers[id] ?? [];
    let free = makers.filter((row) => (this.madeBy[row] ?? -1) < 0);
    if (free.length > 1) {
      const { call, return: returned } = this.#rows.columns;
      const before = this.#latestBefore(id);
      const begin = before < 0 ? -1 : (call[before] ?? 0);
      free = free.filter((row) => (returned[row] ?? 0) > begin);
      if (free.length > 1) return false;
      this.after.set(id, before);
    }
    this.#setMaker(id, free[0] ?? makers[0] ?? 0);
    return true;
  }

  /** Of all rows that must have happened before the value was made the one that began last. */
  #latestBefore(id: number): number {
    const { call } = this.#rows.columns;
    let latest = -1;
    let below = id;
    do {
      below = this.before[below] ?? absent;
      for (const row of [this.maker[below] ?? -1, this.#lastGet[below] ?? -1]) {
        if (row >= 0 && (call[row] ?? 0) > (call[latest] ?? -1)) latest = row;
      }
    } while (below > absent);
    return latest;
  }

  /** Stays, whatever else is found: then nothing is certain. */
  #undecided(reason: string): void {
    this.#trouble = { type: 'undecided', reason };
  }
}
