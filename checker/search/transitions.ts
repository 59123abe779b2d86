/**
 * The model as numbers: states and classes of operations interned, steps computed once.
 *
 * Operations with the same function, argument and answer are one class, for they do the same.
 * It asks the model alone, and keeps no record of an operation.
 */
import { type Columns, neverReturned, none, operationAt } from '../columns.ts';
import type { Model } from '../model.ts';
import { hashWord } from './hash-words.ts';
import { StepTable } from './step-table.ts';

/** A step that the model refuses. */
export const refused = -1;

/** Up to so many states and steps it looks whether they are all that there are. */
const closureStatesMax = 64;
const closureStepsMax = 1 << 16;
const absorptionsMax = 1 << 18;

export class Transitions {
  readonly classOfRow: Int32Array;
  readonly classCount: number;
  /** By class: 1 for what changes no state. */
  readonly isObserver: Uint8Array;
  readonly #columns: Columns;
  /** A row of the class. */
  readonly #member: Int32Array;
  readonly #model: Model;
  readonly #states: unknown[] = [];
  readonly #stateIds = new Map<string, number>();
  #stateTextLength = 0;
  readonly #steps: StepTable;
  #isClosed: boolean | null = null;
  #absorptions: Int8Array = new Int8Array(0);
  readonly #replaced = new Map<number, readonly number[]>();

  constructor(columns: Columns, model: Model) {
    this.#model = model;
    this.#columns = columns;
    const classes = new RowClasses(columns);
    this.classOfRow = classes.classOfRow;
    this.classCount = classes.count;
    this.#member = classes.members();
    this.isObserver = new Uint8Array(this.classCount);
    for (let id = 0; id < this.classCount; id += 1) {
      const member = operationAt(columns, this.#member[id] ?? 0);
      this.isObserver[id] = model.isObserver(member) ? 1 : 0;
    }
    this.#steps = new StepTable(this.classCount);
    this.#intern(model.init);
  }

  get byteLength(): number {
    const perState = 200;
    const perCharacter = 4;
    const states = this.#states.length * perState + this.#stateTextLength * perCharacter;
    const perRow = 17;
    const rows = this.classOfRow.length * perRow + this.classCount * 5;
    return states + rows + this.#steps.byteLength + this.#absorptions.byteLength;
  }

  get stateCount(): number {
    return this.#states.length;
  }

  /** The state after an operation of the class, or `refused`. State 0 is the initial one. */
  step(state: number, operationClass: number): number {
    const known = this.#steps.get(state, operationClass);
    if (known >= refused) return known;
    const member = operationAt(this.#columns, this.#member[operationClass] ?? 0);
    const next = this.#model.step(this.#states[state], member);
    const id = next === undefined ? refused : this.#intern(next);
    this.#steps.set(state, operationClass, id);
    return id;
  }

  /**
   * Whether the first may be put directly before the second wherever the second is possible, and
   * nobody could tell. Known only when all states that can ever occur are few.
   */
  isAbsorbed(first: number, second: number): boolean {
    this.#isClosed ??= this.#close();
    if (!this.#isClosed) return false;
    const cell = first * this.classCount + second;
    const known = this.#absorptions[cell] ?? 0;
    if (known !== 0) return known > 0;
    const isAbsorbed = this.#computeAbsorbed(first, second);
    this.#absorptions[cell] = isAbsorbed ? 1 : -1;
    return isAbsorbed;
  }

  /**
   * The classes, other than observers and itself, that the first may stand in for: wherever one of
   * them is possible the first does the same. Known only when all states are few.
   */
  replacedBy(operationClass: number): readonly number[] {
    const known = this.#replaced.get(operationClass);
    if (known !== undefined) return known;
    this.#isClosed ??= this.#close();
    const replaced: number[] = [];
    for (let other = 0; this.#isClosed && other < this.classCount; other += 1) {
      if (other === operationClass || this.isObserver[other] === 1) continue;
      if (this.#standsIn(operationClass, other)) replaced.push(other);
    }
    this.#replaced.set(operationClass, replaced);
    return replaced;
  }

  #standsIn(first: number, second: number): boolean {
    for (let state = 0; state < this.#states.length; state += 1) {
      const next = this.step(state, second);
      if (next !== refused && this.step(state, first) !== next) return false;
    }
    return true;
  }

  #computeAbsorbed(first: number, second: number): boolean {
    for (let state = 0; state < this.#states.length; state += 1) {
      const alone = this.step(state, second);
      if (alone === refused) continue;
      const between = this.step(state, first);
      if (between === refused || this.step(between, second) !== alone) return false;
    }
    return true;
  }

  /** Makes every step from every state; false when there are too many of them. */
  #close(): boolean {
    if (this.classCount * this.classCount > absorptionsMax) return false;
    for (let state = 0; state < this.#states.length; state += 1) {
      if (this.#states.length > closureStatesMax) return false;
      if (state * this.classCount > closureStepsMax) return false;
      for (let id = 0; id < this.classCount; id += 1) this.step(state, id);
    }
    this.#absorptions = new Int8Array(this.classCount * this.classCount);
    return true;
  }

  #intern(state: unknown): number {
    const text = this.#model.stateKey(state);
    const known = this.#stateIds.get(text);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push(state);
    this.#stateIds.set(text, id);
    this.#stateTextLength += text.length;
    return id;
  }
}

/** Rows with equal function, argument and answer get equal numbers. */
class RowClasses {
  readonly classOfRow: Int32Array;
  count = 0;
  readonly #columns: Columns;
  #members: Int32Array = new Int32Array(64);
  /** Open addressing: classes plus one, 0 is free. */
  #places: Int32Array = new Int32Array(128);

  constructor(columns: Columns) {
    this.#columns = columns;
    this.classOfRow = new Int32Array(columns.count);
    for (let row = 0; row < columns.count; row += 1) {
      const place = this.#placeOf(row);
      const known = this.#places[place] ?? 0;
      this.classOfRow[row] = known > 0 ? known - 1 : this.#add(row, place);
    }
  }

  members(): Int32Array {
    return this.#members.slice(0, this.count);
  }

  #add(row: number, place: number): number {
    const id = this.count;
    if (id === this.#members.length) {
      const grown = new Int32Array(id * 2);
      grown.set(this.#members);
      this.#members = grown;
    }
    this.#members[id] = row;
    this.#places[place] = id + 1;
    this.count += 1;
    if (this.count * 2 <= this.#places.length) return id;
    this.#places = new Int32Array(this.#places.length * 2);
    for (let each = 0; each < this.count; each += 1) {
      this.#places[this.#placeOf(this.#members[each] ?? 0)] = each + 1;
    }
    return id;
  }

  #placeOf(row: number): number {
    const { f, argument, argument2, output, outcome } = this.#columns;
    const isOpen = this.#columns.return[row] === neverReturned;
    let hash = hashWord(f[row] ?? 0, argument[row] ?? 0);
    hash = hashWord(hash, argument2[row] ?? none);
    // An open operation has no answer; it must not share a class with one that answered null.
    hash = isOpen
      ? hashWord(hash, -7)
      : hashWord(hash, (output[row] ?? none) * 4 + (outcome[row] ?? 0));
    const mask = this.#places.length - 1;
    for (let place = (hash ^ (hash >>> 16)) & mask; ; place = (place + 1) & mask) {
      const id = (this.#places[place] ?? 0) - 1;
      if (id < 0 || this.#isSame(this.#members[id] ?? 0, row)) return place;
    }
  }

  #isSame(a: number, b: number): boolean {
    const { f, argument, argument2, output, outcome } = this.#columns;
    if (f[a] !== f[b] || argument[a] !== argument[b] || argument2[a] !== argument2[b]) return false;
    const isOpen = this.#columns.return[a] === neverReturned;
    if (isOpen !== (this.#columns.return[b] === neverReturned)) return false;
    return isOpen || (output[a] === output[b] && outcome[a] === outcome[b]);
  }
}
