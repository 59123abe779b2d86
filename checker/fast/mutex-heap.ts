/** Rows by their keys, the smallest first: a binary heap in one typed array. */

export class RowHeap {
  readonly #keys: Int32Array | Float64Array;
  #rows = new Int32Array(16);
  #size = 0;

  /** `keys` by row. */
  constructor(keys: Int32Array | Float64Array) {
    this.#keys = keys;
  }

  push(row: number): void {
    if (this.#size === this.#rows.length) {
      const grown = new Int32Array(this.#size * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    let at = this.#size;
    this.#size += 1;
    const key = this.#keyOf(row);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = this.#rows[parent] ?? 0;
      if (this.#keyOf(above) <= key) break;
      this.#rows[at] = above;
      at = parent;
    }
    this.#rows[at] = row;
  }

  /** -1 when it is empty. */
  pop(): number {
    if (this.#size === 0) return -1;
    const top = this.#rows[0] ?? 0;
    this.#size -= 1;
    const moved = this.#rows[this.#size] ?? 0;
    const key = this.#keyOf(moved);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      const isRight =
        right < this.#size &&
        this.#keyOf(this.#rows[right] ?? 0) < this.#keyOf(this.#rows[child] ?? 0);
      if (isRight) child = right;
      const below = this.#rows[child] ?? 0;
      if (key <= this.#keyOf(below)) break;
      this.#rows[at] = below;
      at = child;
    }
    this.#rows[at] = moved;
    return top;
  }

  #keyOf(row: number): number {
    return this.#keys[row] ?? 0;
  }
}
