/**
 * The open operations, grouped by class, each class in the order of invocation.
 *
 * The next one of a class to be used is always the one invoked first: if a later one is possible
 * so is that one, and they do the same.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { Transitions } from './transitions.ts';

interface PendingClass {
  readonly rows: number[];
  readonly calls: number[];
  used: number;
}

export class PendingClasses {
  readonly classes: readonly number[];
  readonly #byClass = new Map<number, PendingClass>();

  constructor(columns: Columns, transitions: Transitions) {
    for (let row = 0; row < columns.count; row += 1) {
      if (columns.return[row] !== neverReturned) continue;
      const id = transitions.classOfRow[row] ?? 0;
      // Nobody heard what it saw, so it binds nothing.
      if (transitions.isObserver[id] === 1) continue;
      const known = this.#byClass.get(id) ?? { rows: [], calls: [], used: 0 };
      known.rows.push(row);
      known.calls.push(columns.call[row] ?? 0);
      this.#byClass.set(id, known);
    }
    this.classes = [...this.#byClass.keys()].sort((a, b) => a - b);
  }

  has(operationClass: number): boolean {
    return this.#byClass.has(operationClass);
  }

  /** Whether one of the class is unused and was invoked before the position. */
  isAvailable(operationClass: number, position: number): boolean {
    const pending = this.#byClass.get(operationClass);
    const call = pending?.calls[pending.used];
    return call !== undefined && call <= position;
  }

  /** Uses the next one of the class; gives its row. */
  take(operationClass: number): number {
    const pending = this.#byClass.get(operationClass);
    const row = pending?.rows[pending.used];
    if (pending === undefined || row === undefined) {
      throw new Error(`no open operation of class ${operationClass} is left`);
    }
    pending.used += 1;
    return row;
  }

  putBack(operationClass: number): void {
    const pending = this.#byClass.get(operationClass);
    if (pending !== undefined) pending.used -= 1;
  }
}
