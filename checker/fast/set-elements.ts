/**
 * The elements of sets and lists as small numbers: which one a row adds, which ones a read holds.
 *
 * A history's table holds the values of all its keys; here the elements of one key are dense, in
 * the order in which they come.
 */
import { type Columns, neverReturned, none } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { BadRow } from '../model.ts';
import { LocalIds } from './register-columns.ts';

export interface Elements {
  /** By row; `none` for a read. */
  readonly ofRow: Int32Array;
  readonly count: number;
  /** The number of a value; `none` when no row has it as its element. */
  find(value: unknown): number;
}

export function createElements(columns: Columns): Elements {
  const { count, f, argument, argument2, tables } = columns;
  const reads = tables.functions.indexOf('read');
  const ids = new Int32Array(count);
  for (let row = 0; row < count; row += 1) {
    const second = argument2[row] ?? none;
    if (f[row] === reads) ids[row] = none;
    else ids[row] = second === none ? (argument[row] ?? 0) : pairId(columns, row);
  }
  // Only now: pairs may have been new to the table.
  const local = new LocalIds(tables.values.size, count);
  for (let row = 0; row < count; row += 1) {
    const id = ids[row] ?? none;
    if (id !== none) ids[row] = local.idOf(id);
  }
  const elementCount = local.size;
  const find = (value: unknown): number => {
    const id = tables.values.find(value);
    const known = id < 0 ? none : local.idOf(id);
    return known < elementCount ? known : none;
  };
  return { ofRow: ids, count: elementCount, find };
}

/** The id of the argument of a row, also of an array of two. */
export function argumentId(columns: Columns, row: number): number {
  const isPair = (columns.argument2[row] ?? none) !== none;
  return isPair ? pairId(columns, row) : (columns.argument[row] ?? 0);
}

function pairId({ argument, argument2, tables }: Columns, row: number): number {
  const { values } = tables;
  return values.idOf([values.valueOf(argument[row] ?? 0), values.valueOf(argument2[row] ?? 0)]);
}

/** What a completed whole read returned. */
export function elementsRead(columns: Columns, row: number): readonly unknown[] {
  const value = columns.tables.values.valueOf(columns.output[row] ?? 0);
  return Array.isArray(value) ? value : [];
}

/** Which elements are in a set, for replays; not for the algorithms. */
export class Membership {
  readonly #elements: Elements;
  readonly #isIn: Uint8Array;
  /** By element, the number of the read that held it last. */
  readonly #seenIn: Int32Array;
  #reads = 0;
  #size = 0;

  constructor(elements: Elements) {
    this.#elements = elements;
    this.#isIn = new Uint8Array(elements.count);
    this.#seenIn = new Int32Array(elements.count);
  }

  has(element: number): boolean {
    return this.#isIn[element] === 1;
  }

  put(element: number, isIn: boolean): void {
    if (this.has(element) === isIn) return;
    this.#isIn[element] = isIn ? 1 : 0;
    this.#size += isIn ? 1 : -1;
  }

  /** Whether these are all of its elements, each once. */
  isExactly(values: readonly unknown[]): boolean {
    if (values.length !== this.#size) return false;
    this.#reads += 1;
    for (const value of values) {
      const element = this.#elements.find(value);
      if (element === none || !this.has(element)) return false;
      if (this.#seenIn[element] === this.#reads) return false;
      this.#seenIn[element] = this.#reads;
    }
    return true;
  }
}

/** Completed whole reads: one row for each different answer, and for each row its answer. */
export interface Answers {
  /** By answer, the row that had it first. */
  readonly rows: readonly number[];
  /** By row; `none` for what is no completed read. */
  readonly ofRow: Int32Array;
}

export function collectAnswers(columns: Columns): Answers {
  const { count, f, output, tables } = columns;
  const reads = tables.functions.indexOf('read');
  const local = new LocalIds(tables.values.size, count);
  const rows: number[] = [];
  const ofRow = new Int32Array(count).fill(none);
  for (let row = 0; row < count; row += 1) {
    if (f[row] !== reads || columns.return[row] === neverReturned) continue;
    const answer = local.idOf(Math.max(0, output[row] ?? 0));
    if (answer === rows.length) rows.push(row);
    ofRow[row] = answer;
  }
  return { rows, ofRow };
}

/** The first row that is not plainly right and that `check` finds fault with. */
export function findBadBy(
  columns: Columns,
  isRight: (row: number) => boolean,
  check: (row: number) => string | null,
): BadRow | null {
  for (let row = 0; row < columns.count; row += 1) {
    if (isRight(row)) continue;
    const message = check(row);
    if (message !== null) return { row, message };
  }
  return null;
}

/** What is wrong with the element of an operation that takes one; null when nothing is. */
export function describeBadElement({ f, value }: Operation): string | null {
  if (value !== null && value !== undefined) return null;
  return `"${f}" takes the element as its "value"; here there is none`;
}
