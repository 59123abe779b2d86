/**
 * The history of a run for those who read it while it grows and afterwards.
 *
 * Ops are kept in memory. Each iteration begins at the first and ends with what is there.
 */
import type { Op } from '../../checker/history.ts';

export class RunHistory implements Iterable<Op> {
  readonly #ops: Op[] = [];

  get length(): number {
    return this.#ops.length;
  }

  append(op: Op): void {
    this.#ops.push(op);
  }

  *[Symbol.iterator](): Iterator<Op> {
    const { length } = this.#ops;
    for (let at = 0; at < length; at++) yield this.#ops[at] as Op;
  }
}
