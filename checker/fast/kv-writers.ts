/**
 * Which put, or which append, may have made a value: found by the whole text, or by its end.
 */
import { type Columns, neverReturned, none, operationAt } from '../columns.ts';
import { PrefixTable } from './kv-texts.ts';

export const kvFunction = { get: 0, put: 1, append: 2, delete: 3 } as const;

/** Reads rows whose shape was found to be right. */
export class KvRows {
  readonly columns: Columns;
  readonly kind: Uint8Array;

  constructor(columns: Columns) {
    this.columns = columns;
    const kinds = columns.tables.functions.map((name) => {
      if (name === 'get') return kvFunction.get;
      if (name === 'put') return kvFunction.put;
      return name === 'append' ? kvFunction.append : kvFunction.delete;
    });
    this.kind = columns.f.map((f) => kinds[f] ?? kvFunction.delete);
    for (let row = 0; row < columns.count; row += 1) {
      const isPut = this.kind[row] === kvFunction.put;
      if (isPut && this.written(row) === null) this.kind[row] = kvFunction.delete;
    }
  }

  isOpen(row: number): boolean {
    return this.columns.return[row] === neverReturned;
  }

  written(row: number): unknown {
    const { argument, argument2, tables } = this.columns;
    if ((argument2[row] ?? none) !== none) return operationAt(this.columns, row).value;
    return tables.values.valueOf(argument[row] ?? 0) ?? null;
  }

  /** The id of what a put wrote; -1 when nobody else can know that value. */
  writtenId(row: number): number {
    const { argument, argument2, tables } = this.columns;
    const isPair = (argument2[row] ?? none) !== none;
    return isPair ? tables.values.find(this.written(row)) : (argument[row] ?? 0);
  }

  /** The id of what a get saw; -1 as above. */
  seenId(row: number): number {
    const { output, outcome, tables } = this.columns;
    return outcome[row] === 0 ? (output[row] ?? 0) : tables.values.find(this.seen(row));
  }

  seen(row: number): unknown {
    const { output, outcome, tables } = this.columns;
    if (outcome[row] !== 0) return operationAt(this.columns, row).output;
    return tables.values.valueOf(output[row] ?? 0) ?? null;
  }
}

export const nobody: readonly number[] = [];

/** More than one row. */
export const several = -2;

/** The rows by what they wrote. */
export class KvWriters {
  readonly #pieces = new Map<string, number[]>();
  readonly #pieceLengths: readonly number[];
  readonly #putTexts = new PrefixTable();
  readonly #putRows: number[][] = [];
  /** By the id of a value that is no text: who put it, `several` for more than one. */
  readonly #putOthers = new Map<number, number>();
  readonly #putLengths: ReadonlySet<number>;
  readonly hasEmptyPiece: boolean;
  readonly hasEmptyPut: boolean;
  readonly hasDelete: boolean;
  /** Whether some value is neither a text nor absent. */
  readonly hasOther: boolean;

  constructor(rows: KvRows) {
    const pieceLengths = new Set<number>();
    const putLengths = new Set<number>();
    for (let row = 0; row < rows.kind.length; row += 1) {
      const kind = rows.kind[row];
      if (kind !== kvFunction.put && kind !== kvFunction.append) continue;
      const value = rows.written(row);
      if (typeof value !== 'string') {
        const id = rows.writtenId(row);
        this.#putOthers.set(id, this.#putOthers.has(id) ? several : row);
      } else if (kind === kvFunction.append) {
        addTo(this.#pieces, value, row);
        pieceLengths.add(value.length);
      } else {
        this.#addPut(value, row);
        putLengths.add(value.length);
      }
    }
    this.#pieceLengths = [...pieceLengths];
    this.#putLengths = putLengths;
    this.hasEmptyPiece = pieceLengths.has(0);
    this.hasEmptyPut = putLengths.has(0);
    this.hasDelete = rows.kind.indexOf(kvFunction.delete) >= 0;
    this.hasOther = this.#putOthers.size > 0;
  }

  #addPut(text: string, row: number): void {
    this.#putTexts.open(text);
    const known = this.#putTexts.find(text.length);
    if (known >= 0) this.#putRows[known]?.push(row);
    else this.#putRows[this.#putTexts.add(text.length)] = [row];
  }

  /** The text whose prefixes are meant from now on. */
  open(text: string): void {
    if (this.#putLengths.size > 0) this.#putTexts.open(text);
  }

  /** The rows that may have made that prefix of the text that is open, sorted. */
  makersOf(text: string, length: number): readonly number[] {
    let makers = nobody;
    const add = (rows: readonly number[] | undefined): void => {
      if (rows === undefined) return;
      makers = makers.length === 0 ? rows : [...makers, ...rows].sort((a, b) => a - b);
    };
    if (this.#putLengths.has(length)) add(this.#putRows[this.#putTexts.find(length)]);
    for (const size of this.#pieceLengths) {
      if (size <= length) add(this.#pieces.get(text.slice(length - size, length)));
    }
    return makers;
  }

  /** Who put a value that is not a text, by its id: a row, -1 for nobody, or `several`. */
  makerOfOther(id: number): number {
    return this.#putOthers.get(id) ?? -1;
  }
}

function addTo(rows: Map<string, number[]>, key: string, row: number): void {
  const known = rows.get(key);
  if (known === undefined) rows.set(key, [row]);
  else known.push(row);
}
