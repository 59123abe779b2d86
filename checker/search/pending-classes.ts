/**
 * The open operations, grouped by class, each class in the order of invocation.
 *
 * The next one of a class to be used is always the one invoked first: if a later one is possible
 * so is that one, and they do the same. So how many were used says which.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { Transitions } from './transitions.ts';

export class PendingClasses {
  /** The classes that have an open operation, ascending. */
  readonly classes: Int32Array;
  readonly #calls: Int32Array;
  /** Rows of all classes, one class after the other; `#start` says where each begins. */
  readonly #rows: Int32Array;
  readonly #start: Int32Array;

  constructor(columns: Columns, transitions: Transitions) {
    const { classOfRow, classCount, isObserver } = transitions;
    this.#calls = columns.call;
    const start = new Int32Array(classCount + 1);
    // Nobody heard what an observer saw, so it binds nothing.
    const isPending = (row: number): boolean =>
      columns.return[row] === neverReturned && isObserver[classOfRow[row] ?? 0] === 0;
    for (let row = 0; row < columns.count; row += 1) {
      if (!isPending(row)) continue;
      const after = (classOfRow[row] ?? 0) + 1;
      start[after] = (start[after] ?? 0) + 1;
    }
    const classes: number[] = [];
    for (let id = 0; id < classCount; id += 1) {
      if ((start[id + 1] ?? 0) > 0) classes.push(id);
      start[id + 1] = (start[id + 1] ?? 0) + (start[id] ?? 0);
    }
    this.classes = Int32Array.from(classes);
    this.#start = start;
    this.#rows = new Int32Array(start[classCount] ?? 0);
    const filled = start.slice();
    for (let row = 0; row < columns.count; row += 1) {
      if (!isPending(row)) continue;
      const id = classOfRow[row] ?? 0;
      this.#rows[filled[id] ?? 0] = row;
      filled[id] = (filled[id] ?? 0) + 1;
    }
  }

  get byteLength(): number {
    return this.#rows.byteLength + this.#start.byteLength + this.classes.byteLength;
  }

  /** Whether there is one more than `used` that was invoked before the position. */
  isAvailable(operationClass: number, used: number, position: number): boolean {
    const at = (this.#start[operationClass] ?? 0) + used;
    if (at >= (this.#start[operationClass + 1] ?? 0)) return false;
    return (this.#calls[this.#rows[at] ?? 0] ?? 0) <= position;
  }

  /** The row that is used after `used` others of the class. */
  rowAt(operationClass: number, used: number): number {
    return this.#rows[(this.#start[operationClass] ?? 0) + used] ?? 0;
  }
}
