/**
 * A growing stack of 32-bit integers: what the search uses instead of objects and recursion.
 */

export class IntStack {
  #items: Int32Array = new Int32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get byteLength(): number {
    return this.#items.byteLength;
  }

  push(item: number): void {
    if (this.#length === this.#items.length) {
      const grown = new Int32Array(this.#items.length * 2);
      grown.set(this.#items);
      this.#items = grown;
    }
    this.#items[this.#length] = item;
    this.#length += 1;
  }

  /** The last item; must not be called on an empty stack. */
  pop(): number {
    this.#length -= 1;
    return this.#items[this.#length] ?? 0;
  }

  at(index: number): number {
    return this.#items[index] ?? 0;
  }

  set(index: number, item: number): void {
    this.#items[index] = item;
  }

  truncate(length: number): void {
    this.#length = length;
  }

  /** A copy of the items, first to last. */
  toArray(): Int32Array {
    return this.#items.slice(0, this.#length);
  }
}
