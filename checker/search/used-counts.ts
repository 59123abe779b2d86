/**
 * How many open operations of each class were linearized: sparse vectors, interned to numbers.
 *
 * Open operations of one class are interchangeable, so only their count matters. Vector 0 is
 * empty; equal vectors have equal numbers.
 */

export class UsedCounts {
  readonly #classCount: number;
  /** Pairs of class and count, sorted by class. */
  readonly #vectors: Int32Array[] = [new Int32Array(0)];
  readonly #ids = new Map<string, number>([['', 0]]);
  readonly #next = new Map<number, number>();
  #integers = 0;

  constructor(classCount: number) {
    this.#classCount = classCount;
  }

  get byteLength(): number {
    const perVector = 260;
    return this.#vectors.length * perVector + this.#integers * 8;
  }

  /** The vector with one more of the class. */
  increment(vector: number, operationClass: number): number {
    const key = vector * this.#classCount + operationClass;
    const known = this.#next.get(key);
    if (known !== undefined) return known;
    const id = this.#intern(
      withOneMore(this.#vectors[vector] ?? new Int32Array(0), operationClass),
    );
    this.#next.set(key, id);
    return id;
  }

  /** Whether `a` used at most as many of every class as `b`. */
  isWithin(a: number, b: number): boolean {
    if (a === b || a === 0) return true;
    const few = this.#vectors[a] ?? new Int32Array(0);
    const many = this.#vectors[b] ?? new Int32Array(0);
    let at = 0;
    for (let index = 0; index < few.length; index += 2) {
      const wanted = few[index] ?? 0;
      while (at < many.length && (many[at] ?? 0) < wanted) at += 2;
      if (at >= many.length || many[at] !== wanted) return false;
      if ((few[index + 1] ?? 0) > (many[at + 1] ?? 0)) return false;
    }
    return true;
  }

  #intern(vector: Int32Array): number {
    const text = vector.join(',');
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    const id = this.#vectors.length;
    this.#vectors.push(vector);
    this.#ids.set(text, id);
    this.#integers += vector.length;
    return id;
  }
}

function withOneMore(vector: Int32Array, operationClass: number): Int32Array {
  let at = 0;
  while (at < vector.length && (vector[at] ?? 0) < operationClass) at += 2;
  if (at < vector.length && vector[at] === operationClass) {
    const copy = vector.slice();
    copy[at + 1] = (copy[at + 1] ?? 0) + 1;
    return copy;
  }
  const longer = new Int32Array(vector.length + 2);
  longer.set(vector.subarray(0, at));
  longer[at] = operationClass;
  longer[at + 1] = 1;
  longer.set(vector.subarray(at), at + 2);
  return longer;
}
