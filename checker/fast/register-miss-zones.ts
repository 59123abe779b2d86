/**
 * The chains of a register as zones that can be narrowed step by step, and widened again.
 *
 * Owns the two numbers of each chain while misses are being placed, and says after each step
 * whether an order of the chains still exists: O(log n), exact. It knows nothing of misses.
 *
 * Positions are doubled: 2p is event p, 2p + 1 the moment after it. A chain must precede another
 * when its `first` lies before the other's `last`; a cycle of that relation always holds a cycle
 * of two, so each step asks only for a partner of the one chain that it changed. [GK97]
 */

/** Restores one entry of a column. */
interface Change {
  readonly column: Int32Array;
  readonly at: number;
  readonly before: number;
}

const nothing = -1;

export class NarrowedZones {
  /** By block: the earliest return and the latest invocation. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  /** By block: 1 when it takes part. */
  readonly isActive: Int32Array;
  readonly #changes: Change[] = [];
  readonly #moved: number[] = [];
  /** The largest `last` of the blocks whose `first` lies in a stretch. */
  readonly #tree: Int32Array;
  readonly #leaves: number;
  /** By leaf and by block: the blocks with one and the same `first`, linked. */
  readonly #head: Int32Array;
  readonly #next: Int32Array;

  /** `blocks` counts those that may be added later too; `positions` is beyond all positions. */
  constructor(blocks: number, positions: number) {
    this.first = new Int32Array(blocks);
    this.last = new Int32Array(blocks);
    this.isActive = new Int32Array(blocks);
    this.#next = new Int32Array(blocks).fill(nothing);
    this.#leaves = positions + 2;
    this.#head = new Int32Array(this.#leaves).fill(nothing);
    this.#tree = new Int32Array(2 * this.#leaves).fill(-2);
  }

  /** Puts the first blocks in, which are known to be free of conflict. */
  fill(first: Int32Array, last: Int32Array): void {
    this.first.set(first);
    this.last.set(last);
    for (let block = 0; block < first.length; block += 1) {
      this.isActive[block] = 1;
      const leaf = this.#leafOf(block);
      this.#next[block] = this.#head[leaf] ?? nothing;
      this.#head[leaf] = block;
      const at = leaf + this.#leaves;
      this.#tree[at] = Math.max(this.#tree[at] ?? -2, last[block] ?? -2);
    }
    for (let at = this.#leaves - 1; at > 0; at -= 1) this.#gather(at);
  }

  /** A place to come back to. */
  mark(): number {
    return this.#changes.length;
  }

  /** Takes back all since the mark, the last one first. */
  undo(mark: number): void {
    while (this.#changes.length > mark) {
      const change = this.#changes.pop();
      if (change === undefined) return;
      const block = this.#moved.pop() ?? nothing;
      if (block >= 0) this.#takeOut(block);
      change.column[change.at] = change.before;
      if (block >= 0) this.#putIn(block);
    }
  }

  /** Changes an entry of any column, to be taken back with the rest. */
  set(column: Int32Array, at: number, value: number): void {
    this.#changes.push({ column, at, before: column[at] ?? 0 });
    this.#moved.push(nothing);
    column[at] = value;
  }

  add(block: number, first: number, last: number): boolean {
    this.set(this.first, block, first);
    this.set(this.last, block, last);
    this.#change(this.isActive, block, 1);
    return this.isFree(block);
  }

  /** The block returned at the position at the latest; false when no order is left. */
  lowerFirst(block: number, position: number): boolean {
    if ((this.first[block] ?? 0) <= position) return true;
    this.#change(this.first, block, position);
    return this.isFree(block);
  }

  /** Some of the block began at the position at the earliest; false when no order is left. */
  raiseLast(block: number, position: number): boolean {
    if ((this.last[block] ?? 0) >= position) return true;
    this.#change(this.last, block, position);
    return this.isFree(block);
  }

  /** Whether no other block must both precede and follow it. */
  isFree(block: number): boolean {
    this.#takeOut(block);
    const latest = this.#latestBefore(this.last[block] ?? 0);
    this.#putIn(block);
    return latest <= (this.first[block] ?? 0);
  }

  isForward(block: number): boolean {
    return (this.first[block] ?? 0) < (this.last[block] ?? 0);
  }

  mustPrecede(before: number, after: number): boolean {
    return (this.first[before] ?? 0) < (this.last[after] ?? 0);
  }

  #change(column: Int32Array, block: number, value: number): void {
    this.#changes.push({ column, at: block, before: column[block] ?? 0 });
    this.#moved.push(block);
    this.#takeOut(block);
    column[block] = value;
    this.#putIn(block);
  }

  #leafOf(block: number): number {
    return (this.first[block] ?? 0) + 1;
  }

  #takeOut(block: number): void {
    if (this.isActive[block] !== 1) return;
    const leaf = this.#leafOf(block);
    const after = this.#next[block] ?? nothing;
    let at = this.#head[leaf] ?? nothing;
    if (at === block) this.#head[leaf] = after;
    else {
      while (at >= 0 && this.#next[at] !== block) at = this.#next[at] ?? nothing;
      if (at >= 0) this.#next[at] = after;
    }
    this.#refresh(leaf);
  }

  #putIn(block: number): void {
    if (this.isActive[block] !== 1) return;
    const leaf = this.#leafOf(block);
    this.#next[block] = this.#head[leaf] ?? nothing;
    this.#head[leaf] = block;
    this.#refresh(leaf);
  }

  #refresh(leaf: number): void {
    let latest = -2;
    for (let at = this.#head[leaf] ?? nothing; at >= 0; at = this.#next[at] ?? nothing) {
      latest = Math.max(latest, this.last[at] ?? -2);
    }
    let at = leaf + this.#leaves;
    this.#tree[at] = latest;
    for (at >>= 1; at > 0; at >>= 1) {
      const before = this.#tree[at];
      this.#gather(at);
      if (this.#tree[at] === before) return;
    }
  }

  #gather(at: number): void {
    this.#tree[at] = Math.max(this.#tree[2 * at] ?? -2, this.#tree[2 * at + 1] ?? -2);
  }

  /** The largest `last` of the blocks whose `first` lies before the position. */
  #latestBefore(position: number): number {
    let latest = -2;
    let low = this.#leaves;
    let high = this.#leaves + Math.max(0, Math.min(this.#leaves, position + 1));
    while (low < high) {
      if ((low & 1) === 1) {
        latest = Math.max(latest, this.#tree[low] ?? -2);
        low += 1;
      }
      if ((high & 1) === 1) {
        high -= 1;
        latest = Math.max(latest, this.#tree[high] ?? -2);
      }
      low >>= 1;
      high >>= 1;
    }
    return latest;
  }
}
