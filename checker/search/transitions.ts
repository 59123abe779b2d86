/**
 * The model as numbers: states and classes of operations interned, steps computed once.
 *
 * Operations with the same function, argument and answer are one class, for they do the same.
 */
import { type Columns, neverReturned, none, operationAt } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { Model } from '../model.ts';

/** A step that the model refuses. */
export const refused = -1;

export class Transitions {
  readonly classOfRow: Int32Array;
  readonly classCount: number;
  /** By class: 1 for what changes no state. */
  readonly isObserver: Uint8Array;
  readonly #model: Model;
  readonly #members: Operation[] = [];
  readonly #states: unknown[] = [];
  readonly #stateIds = new Map<string, number>();
  readonly #steps = new Map<number, number>();

  constructor(columns: Columns, model: Model) {
    this.#model = model;
    this.classOfRow = new Int32Array(columns.count);
    const classes = new Map<string, number>();
    for (let row = 0; row < columns.count; row += 1) {
      const text = classKey(columns, row);
      let id = classes.get(text);
      if (id === undefined) {
        id = classes.size;
        classes.set(text, id);
        this.#members.push(operationAt(columns, row));
      }
      this.classOfRow[row] = id;
    }
    this.classCount = classes.size;
    this.isObserver = Uint8Array.from(this.#members, (member) =>
      model.isObserver(member) ? 1 : 0,
    );
    this.#intern(model.init);
  }

  get byteLength(): number {
    const perStep = 48;
    const perState = 160;
    return this.#steps.size * perStep + this.#states.length * perState;
  }

  /** The state after an operation of the class, or `refused`. State 0 is the initial one. */
  step(state: number, operationClass: number): number {
    const key = state * this.classCount + operationClass;
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const member = this.#members[operationClass];
    if (member === undefined) throw new Error(`no operation of class ${operationClass}`);
    const next = this.#model.step(this.#states[state], member);
    const id = next === undefined ? refused : this.#intern(next);
    this.#steps.set(key, id);
    return id;
  }

  #intern(state: unknown): number {
    const text = this.#model.stateKey(state);
    const known = this.#stateIds.get(text);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push(state);
    this.#stateIds.set(text, id);
    return id;
  }
}

function classKey(columns: Columns, row: number): string {
  const { f, argument, argument2, output, outcome } = columns;
  // An open operation has no answer; it must not share a class with one that answered null.
  const answer =
    columns.return[row] === neverReturned ? '?' : `${output[row] ?? none} ${outcome[row] ?? 0}`;
  return `${f[row] ?? 0} ${argument[row] ?? 0} ${argument2[row] ?? none} ${answer}`;
}
