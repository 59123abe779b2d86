/** Rows of which the one that returns first is taken first; open ones come last. */
export class CounterHeap {
  readonly #returns: Int32Array;
  readonly #rows: Int32Array;
  #size = 0;

  constructor(returns: Int32Array, capacity: number) {
    this.#returns = returns;
    this.#rows = new Int32Array(capacity);
  }

  /** The row that is next; -1 when there is none. */
  peek(): number {
    return this.#size === 0 ? -1 : (this.#rows[0] ?? -1);
  }

  push(row: number): void {
    const rows = this.#rows;
    const key = this.#returns[row] ?? 0;
    let at = this.#size;
    this.#size += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = rows[parent] ?? 0;
      if ((this.#returns[other] ?? 0) <= key) break;
      rows[at] = other;
      at = parent;
    }
    rows[at] = row;
  }

  /** Takes the row that is next; -1 when there is none. */
  pop(): number {
    if (this.#size === 0) return -1;
    const rows = this.#rows;
    const top = rows[0] ?? -1;
    this.#size -= 1;
    const row = rows[this.#size] ?? 0;
    const key = this.#returns[row] ?? 0;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      const right = child + 1;
      if (right < this.#size && this.#keyAt(right) < this.#keyAt(child)) child = right;
      if (this.#keyAt(child) >= key) break;
      rows[at] = rows[child] ?? 0;
      at = child;
    }
    rows[at] = row;
    return top;
  }

  #keyAt(at: number): number {
    return this.#returns[this.#rows[at] ?? 0] ?? 0;
  }
}
