/**
 * The rows of a queue as two columns: what each comes to, and its element as a small number.
 */
import { type Columns, neverReturned, operationAt } from '../columns.ts';
import { valueKey } from '../value-key.ts';

export const queueKind = {
  enqueue: 0,
  dequeue: 1,
  /** A dequeue that found nothing. */
  empty: 2,
  /** A dequeue that may have taken something, nobody knows what. */
  openDequeue: 3,
} as const;

export interface QueueRows {
  readonly kind: Uint8Array;
  /** By row: 0 to `elementCount` - 1 for an enqueue or dequeue, -1 for what has none. */
  readonly element: Int32Array;
  readonly elementCount: number;
}

export function createQueueRows(columns: Columns): QueueRows {
  const { count, argument, argument2, output, outcome, return: returned, tables } = columns;
  const kind = new Uint8Array(count);
  const element = new Int32Array(count).fill(-1);
  const enqueue = tables.functions.indexOf('enqueue');
  const numbers = new ElementNumbers(count);
  for (let row = 0; row < count; row += 1) {
    if (columns.f[row] === enqueue) {
      kind[row] = queueKind.enqueue;
      const isSplit = (argument2[row] ?? -1) >= 0;
      // A pair lies in two columns; its text brings it back together.
      element[row] = isSplit
        ? numbers.ofText(valueKey(operationAt(columns, row).value))
        : numbers.ofId(argument[row] ?? 0);
    } else if (returned[row] === neverReturned) {
      kind[row] = queueKind.openDequeue;
    } else if (output[row] === 0 && outcome[row] === 0) {
      kind[row] = queueKind.empty;
    } else {
      kind[row] = queueKind.dequeue;
      const value = outcome[row] === 0 ? tables.values.valueOf(output[row] ?? 0) : null;
      const isWhole = outcome[row] === 0 && !(Array.isArray(value) && value.length === 2);
      element[row] = isWhole
        ? numbers.ofId(output[row] ?? 0)
        : numbers.ofText(valueKey(operationAt(columns, row).output));
    }
  }
  return { kind, element, elementCount: numbers.size };
}

/** Dense numbers for the value ids and texts that occur; the table of values may be much larger. */
class ElementNumbers {
  /** Open addressing: ids and, in `#numbers`, what they became plus one; 0 is free. */
  readonly #ids: Int32Array;
  readonly #numbers: Int32Array;
  readonly #texts = new Map<string, number>();
  size = 0;

  constructor(count: number) {
    let length = 16;
    while (length < 2 * count) length *= 2;
    this.#ids = new Int32Array(length);
    this.#numbers = new Int32Array(length);
  }

  ofId(id: number): number {
    const mask = this.#ids.length - 1;
    const hash = Math.imul(id, 0x9e3779b1);
    for (let place = (hash ^ (hash >>> 15)) & mask; ; place = (place + 1) & mask) {
      const number = this.#numbers[place] ?? 0;
      if (number > 0 && this.#ids[place] !== id) continue;
      if (number > 0) return number - 1;
      this.#ids[place] = id;
      this.size += 1;
      this.#numbers[place] = this.size;
      return this.size - 1;
    }
  }

  ofText(text: string): number {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, this.size);
    this.size += 1;
    return this.size - 1;
  }
}
