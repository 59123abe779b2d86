/**
 * The completed operations that are open at the moment which the breadth search has reached:
 * those that change a state, the first to return first, and observers.
 */
import type { Ground } from './ground.ts';

const noHelpers: readonly number[] = [];

export class OpenRows {
  /** Sorted by return. */
  readonly mutators: number[] = [];
  readonly observers: number[] = [];
  /** Bits of the slots of each kind that are taken. */
  readonly mutatorMask: Int32Array;
  readonly observerMask: Int32Array;
  readonly #ground: Ground;
  /** For each slot of a mutator: the slots of those that can hide it; see `preparePhase`. */
  #covers: Int32Array;
  /** For each state: the observers that it satisfies, and when that was computed. */
  #satisfied: Int32Array = new Int32Array(0);
  #satisfiedAt: Int32Array = new Int32Array(0);
  #phase = 0;
  readonly #rowAt: Int32Array;
  #helpers: Map<number, number[]> | null = null;

  constructor(ground: Ground) {
    this.#ground = ground;
    const { mutatorWords, observerWords } = ground.slots;
    this.mutatorMask = new Int32Array(mutatorWords);
    this.observerMask = new Int32Array(observerWords);
    this.#rowAt = new Int32Array(mutatorWords * 32);
    this.#covers = new Int32Array(mutatorWords * 32 * mutatorWords);
  }

  get byteLength(): number {
    return this.#covers.byteLength + this.#satisfied.byteLength + this.#satisfiedAt.byteLength;
  }

  /** The row that has the slot now. */
  mutatorAt(slot: number): number {
    return this.#rowAt[slot] ?? 0;
  }

  /** The classes of open operations that may stand in for one of the class. */
  helpersFor(operationClass: number): readonly number[] {
    if (this.#helpers === null) {
      this.#helpers = new Map();
      for (const helper of this.#ground.pendings.classes) {
        for (const id of this.#ground.transitions.replacedBy(helper)) {
          const known = this.#helpers.get(id);
          if (known === undefined) this.#helpers.set(id, [helper]);
          else known.push(helper);
        }
      }
    }
    return this.#helpers.get(operationClass) ?? noHelpers;
  }

  isObserver(row: number): boolean {
    const { transitions } = this.#ground;
    return transitions.isObserver[transitions.classOfRow[row] ?? 0] === 1;
  }

  add(row: number): void {
    const slot = this.#ground.slots.slot[row] ?? 0;
    if (this.isObserver(row)) {
      this.observers.push(row);
      this.observerMask[slot >> 5] = (this.observerMask[slot >> 5] ?? 0) | (1 << (slot & 31));
      return;
    }
    const { return: returned } = this.#ground.columns;
    const end = returned[row] ?? 0;
    let at = this.mutators.length;
    while (at > 0 && (returned[this.mutators[at - 1] ?? 0] ?? 0) > end) at -= 1;
    this.mutators.splice(at, 0, row);
    this.#rowAt[slot] = row;
    this.mutatorMask[slot >> 5] = (this.mutatorMask[slot >> 5] ?? 0) | (1 << (slot & 31));
  }

  remove(row: number): void {
    const slot = this.#ground.slots.slot[row] ?? 0;
    const isObserver = this.isObserver(row);
    const rows = isObserver ? this.observers : this.mutators;
    const mask = isObserver ? this.observerMask : this.mutatorMask;
    rows.splice(rows.indexOf(row), 1);
    mask[slot >> 5] = (mask[slot >> 5] ?? 0) & ~(1 << (slot & 31));
  }

  /** To be called when rows were added or removed and before anything below is asked. */
  beginPhase(): void {
    this.#phase += 1;
  }

  /** Where in `satisfied` the observers that fit a state begin. */
  satisfiedBy(state: number): number {
    const words = this.observerMask.length;
    if (state >= this.#satisfiedAt.length) this.#growSatisfied();
    const base = state * words;
    if (this.#satisfiedAt[state] === this.#phase) return base;
    this.#satisfiedAt[state] = this.#phase;
    this.#satisfied.fill(0, base, base + words);
    const { transitions, slots } = this.#ground;
    for (const row of this.observers) {
      if (transitions.step(state, transitions.classOfRow[row] ?? 0) < 0) continue;
      const slot = slots.slot[row] ?? 0;
      const word = base + (slot >> 5);
      this.#satisfied[word] = (this.#satisfied[word] ?? 0) | (1 << (slot & 31));
    }
    return base;
  }

  get satisfied(): Int32Array {
    return this.#satisfied;
  }

  #growSatisfied(): void {
    const length = Math.max(16, this.#ground.transitions.stateCount * 2);
    const satisfied = new Int32Array(length * this.observerMask.length);
    satisfied.set(this.#satisfied);
    this.#satisfied = satisfied;
    const at = new Int32Array(length);
    at.set(this.#satisfiedAt);
    this.#satisfiedAt = at;
  }

  /** Finds out which of the rows can be hidden directly before which; not before the given one. */
  prepareCovers(except: number): void {
    const { transitions, slots } = this.#ground;
    const words = this.mutatorMask.length;
    for (let at = 0; at < this.mutators.length; at += 1) {
      const row = this.mutators[at] ?? 0;
      const base = (slots.slot[row] ?? 0) * words;
      this.#covers.fill(0, base, base + words);
      // Those before it in the list return no later.
      for (let before = 0; before < at; before += 1) {
        const other = this.mutators[before] ?? 0;
        if (other === except) continue;
        const first = transitions.classOfRow[row] ?? 0;
        if (!transitions.isAbsorbed(first, transitions.classOfRow[other] ?? 0)) continue;
        const slot = slots.slot[other] ?? 0;
        const word = base + (slot >> 5);
        this.#covers[word] = (this.#covers[word] ?? 0) | (1 << (slot & 31));
      }
    }
  }

  /** Whether one of the operations in the mask can hide that of the slot. */
  isCovered(slot: number, pool: Int32Array, doneBase: number): boolean {
    const words = this.mutatorMask.length;
    for (let word = 0; word < words; word += 1) {
      const left = (this.mutatorMask[word] ?? 0) & ~(pool[doneBase + word] ?? 0);
      if (((this.#covers[slot * words + word] ?? 0) & left) !== 0) return true;
    }
    return false;
  }
}
