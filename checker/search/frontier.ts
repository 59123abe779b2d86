/**
 * The configurations at one moment of the history, without those that another one replaces.
 *
 * `a` replaces `b` when whatever can follow `b` can follow `a`. The state is the same, and `a` has
 * no observer left that `b` has not. What `a` has done and `b` has left, `b` will still do: there
 * `a` does its like, an equal operation that returns no earlier or an open one that `b` has used
 * up. What only `a` has left is hidden directly before one that `b` has left too, that nobody can
 * tell it from, and that returns no later. All of them are open now, so real time is kept.
 */
import type { Ground } from './ground.ts';
import type { OpenRows } from './open-rows.ts';

/** The words of a configuration; done bits of mutators, then of observers, follow. */
export const configuration = {
  state: 0,
  vector: 1,
  /** In the order tree. */
  node: 2,
  /** Class of the open operation just taken, -1 for none, and the state before it. */
  pending: 3,
  before: 4,
  bits: 5,
} as const;

const dead = -1;
/** So many of the same state are compared with a new one. */
const comparisonsMax = 512;

export class Frontier {
  pool: Int32Array;
  count = 0;
  readonly stride: number;
  /** For one comparison: what one has left over, what it has done, and which helpers it lends. */
  readonly #extra: Int32Array;
  readonly #lacking: Int32Array;
  readonly #spent: Int32Array;
  #spentCount = 0;
  readonly #ground: Ground;
  readonly #open: OpenRows;
  /** By state: the configuration that came last, plus one. By configuration: the one before. */
  #heads: Int32Array = new Int32Array(16);
  #links: Int32Array = new Int32Array(16);

  constructor(ground: Ground, open: OpenRows) {
    this.#ground = ground;
    this.#open = open;
    const { mutatorWords, observerWords } = ground.slots;
    this.stride = configuration.bits + mutatorWords + observerWords;
    this.pool = new Int32Array(16 * this.stride);
    this.#extra = new Int32Array(mutatorWords);
    this.#lacking = new Int32Array(mutatorWords);
    this.#spent = new Int32Array(mutatorWords * 32);
  }

  get byteLength(): number {
    return this.pool.byteLength * 2 + this.#links.byteLength + this.#heads.byteLength;
  }

  clear(): void {
    // Each list begins with one that is not dead.
    for (let at = 0; at < this.count; at += 1) {
      const state = this.pool[at * this.stride] ?? dead;
      if (state !== dead) this.#heads[state] = 0;
    }
    this.count = 0;
  }

  isDead(at: number): boolean {
    return this.pool[at * this.stride] === dead;
  }

  /** Adds a copy as it is; for a list of what is still to be looked at. */
  push(words: Int32Array): void {
    this.#grow();
    this.pool.set(words, this.count * this.stride);
    this.count += 1;
  }

  /** Sets the order that leads to what was added last. */
  setNode(node: number): void {
    this.pool[(this.count - 1) * this.stride + configuration.node] = node;
  }

  /** Adds a copy unless another one replaces it; gives whether it was added. */
  insert(words: Int32Array): boolean {
    this.push(words);
    const added = this.count - 1;
    const state = words[configuration.state] ?? 0;
    if (state >= this.#heads.length) this.#growHeads(state);
    let comparisons = 0;
    let after = -1;
    for (let at = (this.#heads[state] ?? 0) - 1; at >= 0; at = (this.#links[at] ?? 0) - 1) {
      if (this.#replaces(at, added)) {
        this.count -= 1;
        return false;
      }
      if (this.#replaces(added, at)) {
        this.pool[at * this.stride] = dead;
        if (after < 0) this.#heads[state] = this.#links[at] ?? 0;
        else this.#links[after] = this.#links[at] ?? 0;
      } else after = at;
      comparisons += 1;
      if (comparisons >= comparisonsMax) break;
    }
    this.#links[added] = this.#heads[state] ?? 0;
    this.#heads[state] = added + 1;
    return true;
  }

  #replaces(a: number, b: number): boolean {
    const { pool } = this;
    const { mutatorWords, observerWords } = this.#ground.slots;
    const bitsA = a * this.stride + configuration.bits;
    const bitsB = b * this.stride + configuration.bits;
    for (let word = mutatorWords; word < mutatorWords + observerWords; word += 1) {
      if (((pool[bitsB + word] ?? 0) & ~(pool[bitsA + word] ?? 0)) !== 0) return false;
    }
    const vectorA = pool[a * this.stride + configuration.vector] ?? 0;
    const vectorB = pool[b * this.stride + configuration.vector] ?? 0;
    if (!this.#ground.used.isWithin(vectorA, vectorB)) return false;
    const extra = this.#extra;
    const lacking = this.#lacking;
    let lacks = 0;
    for (let word = 0; word < mutatorWords; word += 1) {
      const doneA = pool[bitsA + word] ?? 0;
      const doneB = pool[bitsB + word] ?? 0;
      extra[word] = doneB & ~doneA;
      lacking[word] = doneA & ~doneB;
      lacks |= lacking[word] ?? 0;
    }
    if (lacks !== 0 && !this.#matchLacking(vectorA, vectorB)) return false;
    return this.#areExtraCovered(bitsB);
  }

  /**
   * What `a` has done and `b` has left must have its like in `a`: an operation of its class that
   * `b` has done and that returns no earlier, or an open one that only `b` has used.
   */
  #matchLacking(vectorA: number, vectorB: number): boolean {
    this.#spentCount = 0;
    for (let word = 0; word < this.#lacking.length; word += 1) {
      let left = this.#lacking[word] ?? 0;
      while (left !== 0) {
        const bit = 31 - Math.clz32(left);
        left &= ~(1 << bit);
        const slot = word * 32 + bit;
        if (!this.#matchExtra(slot) && !this.#matchHelper(slot, vectorA, vectorB)) return false;
      }
    }
    return true;
  }

  #matchExtra(slot: number): boolean {
    const extra = this.#extra;
    const row = this.#open.mutatorAt(slot);
    const { classOfRow } = this.#ground.transitions;
    const { return: returned } = this.#ground.columns;
    for (let word = 0; word < extra.length; word += 1) {
      let left = extra[word] ?? 0;
      while (left !== 0) {
        const bit = 31 - Math.clz32(left);
        left &= ~(1 << bit);
        const other = this.#open.mutatorAt(word * 32 + bit);
        if (classOfRow[other] !== classOfRow[row]) continue;
        if ((returned[other] ?? 0) < (returned[row] ?? 0)) continue;
        extra[word] = (extra[word] ?? 0) & ~(1 << bit);
        return true;
      }
    }
    return false;
  }

  #matchHelper(slot: number, vectorA: number, vectorB: number): boolean {
    if (vectorA === vectorB) return false;
    const { transitions, used } = this.#ground;
    const wanted = transitions.classOfRow[this.#open.mutatorAt(slot)] ?? 0;
    for (const helper of this.#open.helpersFor(wanted)) {
      let spare = used.countOf(vectorB, helper) - used.countOf(vectorA, helper);
      for (let at = 0; at < this.#spentCount; at += 1) {
        if (this.#spent[at] === helper) spare -= 1;
      }
      if (spare <= 0) continue;
      this.#spent[this.#spentCount] = helper;
      this.#spentCount += 1;
      return true;
    }
    return false;
  }

  #areExtraCovered(bitsB: number): boolean {
    for (let word = 0; word < this.#extra.length; word += 1) {
      let left = this.#extra[word] ?? 0;
      while (left !== 0) {
        const bit = 31 - Math.clz32(left);
        left &= ~(1 << bit);
        if (!this.#open.isCovered(word * 32 + bit, this.pool, bitsB)) return false;
      }
    }
    return true;
  }

  #grow(): void {
    if (this.count * this.stride + this.stride > this.pool.length) {
      const grown = new Int32Array(this.pool.length * 2);
      grown.set(this.pool);
      this.pool = grown;
    }
    if (this.count >= this.#links.length) {
      const grown = new Int32Array(this.#links.length * 2);
      grown.set(this.#links);
      this.#links = grown;
    }
  }

  #growHeads(state: number): void {
    const grown = new Int32Array(state * 2);
    grown.set(this.#heads);
    this.#heads = grown;
  }
}
