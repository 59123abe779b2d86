/**
 * The steps that are known: state and class to the next state. A plain array while states times
 * classes are few, else open addressing.
 */

/** What `get` gives for a step that is not known; below every state and below `refused`. */
export const unknownStep = -2;

const denseCellsMax = 1 << 21;

export class StepTable {
  readonly #classCount: number;
  #cells: Int32Array;
  /** Null while dense: state times classes plus class, plus one; 0 is free. */
  #keys: Float64Array | null = null;
  #count = 0;

  constructor(classCount: number) {
    this.#classCount = Math.max(1, classCount);
    this.#cells = new Int32Array(0);
    if (this.#classCount * 4 > denseCellsMax) this.#becomeSparse(1024);
    else this.#cells = new Int32Array(this.#classCount * 4).fill(unknownStep);
  }

  get byteLength(): number {
    return this.#cells.byteLength + (this.#keys?.byteLength ?? 0);
  }

  get(state: number, operationClass: number): number {
    const cell = state * this.#classCount + operationClass;
    if (this.#keys === null) return this.#cells[cell] ?? unknownStep;
    return this.#cells[this.#placeOf(this.#keys, cell + 1)] ?? unknownStep;
  }

  set(state: number, operationClass: number, next: number): void {
    const cell = state * this.#classCount + operationClass;
    if (this.#keys === null && cell >= this.#cells.length) this.#growDense(state);
    if (this.#keys === null) {
      this.#cells[cell] = next;
      return;
    }
    const place = this.#placeOf(this.#keys, cell + 1);
    if (this.#keys[place] === 0) this.#count += 1;
    this.#keys[place] = cell + 1;
    this.#cells[place] = next;
    if (this.#count * 2 > this.#keys.length) this.#growSparse(this.#keys);
  }

  #growDense(state: number): void {
    const old = this.#cells;
    const length = Math.max(state + 1, 2 * Math.ceil(old.length / this.#classCount));
    if (length * this.#classCount <= denseCellsMax) {
      this.#cells = new Int32Array(length * this.#classCount).fill(unknownStep);
      this.#cells.set(old);
      return;
    }
    let known = 0;
    for (const next of old) if (next !== unknownStep) known += 1;
    let size = 1024;
    while (size < known * 4) size *= 2;
    const keys = this.#becomeSparse(size);
    this.#count = known;
    for (let cell = 0; cell < old.length; cell += 1) {
      const next = old[cell] ?? unknownStep;
      if (next !== unknownStep) this.#put(keys, cell + 1, next);
    }
  }

  #growSparse(keys: Float64Array): void {
    const old = this.#cells;
    const grown = this.#becomeSparse(keys.length * 2);
    for (let place = 0; place < keys.length; place += 1) {
      const key = keys[place] ?? 0;
      if (key !== 0) this.#put(grown, key, old[place] ?? unknownStep);
    }
  }

  #becomeSparse(size: number): Float64Array {
    const keys = new Float64Array(size);
    this.#keys = keys;
    this.#cells = new Int32Array(size).fill(unknownStep);
    return keys;
  }

  #put(keys: Float64Array, key: number, next: number): void {
    const place = this.#placeOf(keys, key);
    keys[place] = key;
    this.#cells[place] = next;
  }

  #placeOf(keys: Float64Array, key: number): number {
    const mask = keys.length - 1;
    let hash = Math.imul((key | 0) ^ ((key / 0x1_0000_0000) | 0), 0x9e3779b1);
    hash ^= hash >>> 15;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const found = keys[place] ?? 0;
      if (found === 0 || found === key) return place;
    }
  }
}
