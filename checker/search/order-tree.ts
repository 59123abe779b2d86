/**
 * The orders that lead to the configurations of the breadth search, as a tree of rows: orders
 * with a common beginning share it, and what nothing leads to any more is swept out.
 */

const sweepLengthMin = 1 << 16;

export class OrderTree {
  #parents: Int32Array = new Int32Array(1024);
  #rows: Int32Array = new Int32Array(1024);
  #length = 1;
  #sweepAt = sweepLengthMin;

  get byteLength(): number {
    // Both are copied when they grow, and a sweep takes one more.
    return this.#parents.byteLength * 4;
  }

  /** Whether a sweep is worth its time. */
  get isFull(): boolean {
    return this.#length >= this.#sweepAt;
  }

  /** Node 0 is the empty order. */
  add(parent: number, row: number): number {
    if (this.#length === this.#parents.length) {
      this.#parents = doubled(this.#parents);
      this.#rows = doubled(this.#rows);
    }
    this.#parents[this.#length] = parent;
    this.#rows[this.#length] = row;
    this.#length += 1;
    return this.#length - 1;
  }

  /** The rows of an order, first to last. */
  orderOf(node: number): Int32Array {
    let length = 0;
    for (let at = node; at > 0; at = this.#parents[at] ?? 0) length += 1;
    const order = new Int32Array(length);
    for (let at = node; at > 0; at = this.#parents[at] ?? 0) {
      length -= 1;
      order[length] = this.#rows[at] ?? 0;
    }
    return order;
  }

  /** Keeps what the given nodes need; gives the new number of each node that is kept. */
  sweep(nodes: Iterable<number>): Int32Array {
    const numbers = new Int32Array(this.#length);
    for (const node of nodes) {
      for (let at = node; at > 0 && numbers[at] === 0; at = this.#parents[at] ?? 0) numbers[at] = 1;
    }
    let length = 1;
    for (let at = 1; at < this.#length; at += 1) {
      if (numbers[at] === 0) continue;
      numbers[at] = length;
      // A parent is older than its children, so its new number is known.
      this.#parents[length] = numbers[this.#parents[at] ?? 0] ?? 0;
      this.#rows[length] = this.#rows[at] ?? 0;
      length += 1;
    }
    this.#length = length;
    this.#sweepAt = Math.max(sweepLengthMin, length * 2);
    return numbers;
  }
}

function doubled(words: Int32Array): Int32Array {
  const grown = new Int32Array(words.length * 2);
  grown.set(words);
  return grown;
}
