/**
 * The search through time: all configurations that are possible at one return, then at the next.
 *
 * Exact. Its memory is the largest set and not the history, and an empty set names the first
 * return that is impossible. Of the reductions in depth-search.ts it has all; and as it holds all
 * configurations of one moment, it drops those that another one replaces (frontier.ts). That is
 * done only between returns: within one, a configuration could be dropped for the one that it
 * came from.
 */
import { configuration, Frontier } from './frontier.ts';
import type { Ground } from './ground.ts';
import { OpenRows } from './open-rows.ts';
import { OrderTree } from './order-tree.ts';
import { refused } from './transitions.ts';
import { Visited } from './visited.ts';

export class BreadthSearch {
  readonly #ground: Ground;
  readonly #open: OpenRows;
  readonly #tree: OrderTree = new OrderTree();
  readonly #visited: Visited;
  readonly #key: Int32Array;
  /** What was possible after the last return, and after the one that is looked at. */
  #frontier: Frontier;
  #next: Frontier;
  /** Where that operation is not yet in: these go on. */
  readonly #queue: Frontier;
  readonly #scratch: Int32Array;
  /** By class: in which expansion it was tried. */
  readonly #triedAt: Int32Array;
  #expansion = 0;
  #entry = 0;
  /** The row whose return is looked at; -1 between returns. */
  #required = -1;
  #frontierAt = 0;
  #queueAt = 0;
  #stuckRow = -1;
  #lastNode = 0;

  constructor(ground: Ground) {
    this.#ground = ground;
    const { mutatorWords, observerWords } = ground.slots;
    this.#open = new OpenRows(ground);
    this.#frontier = new Frontier(ground, this.#open);
    this.#next = new Frontier(ground, this.#open);
    this.#queue = new Frontier(ground, this.#open);
    this.#scratch = new Int32Array(this.#frontier.stride);
    this.#key = new Int32Array(1 + mutatorWords + observerWords);
    this.#visited = new Visited({ exactWords: 1 + mutatorWords, observerWords }, ground.used);
    this.#triedAt = new Int32Array(ground.transitions.classCount);
    this.#scratch[configuration.pending] = -1;
    this.#frontier.push(this.#scratch);
  }

  get byteLength(): number {
    const sets = this.#frontier.byteLength + this.#next.byteLength + this.#queue.byteLength;
    const memory = this.#visited.byteLength + this.#tree.byteLength + this.#open.byteLength;
    return sets + memory + this.#triedAt.byteLength;
  }

  get configurationCount(): number {
    return this.#frontier.count + this.#next.count + this.#queue.count;
  }

  /** The first operation that cannot return; before that is known, the one looked at. */
  get stuckRow(): number {
    return this.#stuckRow;
  }

  /** Rows that change a state and open ones, in an order that leads as far as any. */
  get backbone(): Int32Array {
    const isFound = this.#required < 0 && this.#frontier.count > 0;
    return this.#tree.orderOf(isFound ? this.#nodeOf(this.#frontier, 0) : this.#lastNode);
  }

  /** Looks at one configuration, or goes to the next return. */
  step(): 'found' | 'none' | null {
    if (this.#required < 0) return this.#goToReturn();
    if (this.#frontierAt < this.#frontier.count) {
      this.#load(this.#frontier, this.#frontierAt);
      this.#frontierAt += 1;
      if (this.#scratch[configuration.state] !== -1) this.#arrive(-1);
      return null;
    }
    if (this.#queueAt < this.#queue.count) {
      this.#expand(this.#queueAt);
      this.#queueAt += 1;
      return null;
    }
    return this.#endReturn();
  }

  #goToReturn(): 'found' | null {
    const { list } = this.#ground;
    for (this.#entry += 1; this.#entry < list.end; this.#entry += 1) {
      const event = list.event[this.#entry] ?? 0;
      if (event % 2 === 0) {
        this.#open.add(event >> 1);
        continue;
      }
      this.#required = event >> 1;
      this.#stuckRow = this.#required;
      this.#open.beginPhase();
      this.#open.prepareCovers(this.#required);
      this.#next.clear();
      this.#queue.clear();
      this.#visited.clear();
      this.#frontierAt = 0;
      this.#queueAt = 0;
      return null;
    }
    return 'found';
  }

  #endReturn(): 'none' | null {
    if (this.#next.count === 0) {
      const last = this.#queue.count - 1;
      this.#lastNode = last < 0 ? 0 : this.#nodeOf(this.#queue, last);
      return 'none';
    }
    this.#open.remove(this.#required);
    this.#required = -1;
    const old = this.#frontier;
    this.#frontier = this.#next;
    this.#next = old;
    if (this.#tree.isFull) this.#sweep();
    return null;
  }

  #sweep(): void {
    const { pool, stride, count } = this.#frontier;
    const nodes: number[] = [];
    for (let at = 0; at < count; at += 1) {
      if (!this.#frontier.isDead(at)) nodes.push(pool[at * stride + configuration.node] ?? 0);
    }
    const numbers = this.#tree.sweep(nodes);
    for (let at = 0; at < count; at += 1) {
      const place = at * stride + configuration.node;
      pool[place] = numbers[pool[place] ?? 0] ?? 0;
    }
  }

  #nodeOf({ pool, stride }: Frontier, at: number): number {
    return pool[at * stride + configuration.node] ?? 0;
  }

  #load({ pool, stride }: Frontier, at: number): void {
    for (let word = 0; word < stride; word += 1) {
      this.#scratch[word] = pool[at * stride + word] ?? 0;
    }
  }

  /**
   * Takes what the configuration in `#scratch` takes at once, and keeps it where it belongs if it
   * is new. `row` is the operation that was just taken, -1 for none.
   */
  #arrive(row: number): void {
    const scratch = this.#scratch;
    const isNeedShown = this.#takeObservers();
    if (isNeedShown) scratch[configuration.pending] = -1;
    const { slot: slots, mutatorWords } = this.#ground.slots;
    const slot = slots[this.#required] ?? 0;
    const bits = configuration.bits + (this.#open.isObserver(this.#required) ? mutatorWords : 0);
    const word = bits + (slot >> 5);
    const isIn = ((scratch[word] ?? 0) & (1 << (slot & 31))) !== 0;
    const parent = scratch[configuration.node] ?? 0;
    if (isIn) {
      // The place is free for the next operation that is called.
      scratch[word] = (scratch[word] ?? 0) & ~(1 << (slot & 31));
      scratch[configuration.pending] = -1;
      if (this.#next.insert(scratch) && row >= 0) this.#next.setNode(this.#tree.add(parent, row));
      return;
    }
    this.#fillKey();
    const vector = scratch[configuration.vector] ?? 0;
    if (this.#visited.covers(this.#key, vector)) return;
    this.#visited.add(this.#key, vector);
    this.#queue.push(scratch);
    if (row >= 0) this.#queue.setNode(this.#tree.add(parent, row));
  }

  /** Gives whether there was one. */
  #takeObservers(): boolean {
    const scratch = this.#scratch;
    const base = this.#open.satisfiedBy(scratch[configuration.state] ?? 0);
    const { satisfied } = this.#open;
    const { mutatorWords, observerWords } = this.#ground.slots;
    let isAny = false;
    for (let word = 0; word < observerWords; word += 1) {
      const at = configuration.bits + mutatorWords + word;
      const fits = (satisfied[base + word] ?? 0) & ~(scratch[at] ?? 0);
      if (fits === 0) continue;
      isAny = true;
      scratch[at] = (scratch[at] ?? 0) | fits;
    }
    return isAny;
  }

  /** State and who is in exactly; of the observers those that are left. */
  #fillKey(): void {
    const { mutatorWords, observerWords } = this.#ground.slots;
    const scratch = this.#scratch;
    this.#key[0] = scratch[configuration.state] ?? 0;
    for (let word = 0; word < mutatorWords; word += 1) {
      this.#key[1 + word] = scratch[configuration.bits + word] ?? 0;
    }
    for (let word = 0; word < observerWords; word += 1) {
      const done = scratch[configuration.bits + mutatorWords + word] ?? 0;
      this.#key[1 + mutatorWords + word] = (this.#open.observerMask[word] ?? 0) & ~done;
    }
  }

  /** All that may come next: of equal operations the first to return, then open ones. */
  #expand(at: number): void {
    const { transitions, slots } = this.#ground;
    const { pool, stride } = this.#queue;
    const base = at * stride;
    const state = pool[base + configuration.state] ?? 0;
    this.#expansion += 1;
    for (const row of this.#open.mutators) {
      const slot = slots.slot[row] ?? 0;
      const isIn =
        ((this.#queue.pool[base + configuration.bits + (slot >> 5)] ?? 0) & (1 << (slot & 31))) !==
        0;
      const id = transitions.classOfRow[row] ?? 0;
      if (isIn || this.#triedAt[id] === this.#expansion) continue;
      this.#triedAt[id] = this.#expansion;
      const next = transitions.step(state, id);
      if (next === refused || this.#isIdle(base, id, next)) continue;
      this.#load(this.#queue, at);
      const word = configuration.bits + (slot >> 5);
      this.#scratch[word] = (this.#scratch[word] ?? 0) | (1 << (slot & 31));
      this.#scratch[configuration.state] = next;
      this.#scratch[configuration.pending] = -1;
      this.#arrive(row);
    }
    this.#takeHelpers(at);
  }

  #takeHelpers(at: number): void {
    const { transitions, pendings, used, columns } = this.#ground;
    const position = columns.return[this.#required] ?? 0;
    const base = at * this.#queue.stride;
    const state = this.#queue.pool[base + configuration.state] ?? 0;
    const vector = this.#queue.pool[base + configuration.vector] ?? 0;
    for (const id of pendings.classes) {
      const count = used.countOf(vector, id);
      if (!pendings.isAvailable(id, count, position)) continue;
      const next = transitions.step(state, id);
      if (next === refused || next === state) continue;
      const { pool } = this.#queue;
      const isAfterOther = (pool[base + configuration.pending] ?? -1) >= 0;
      const before = pool[base + configuration.before] ?? 0;
      if (isAfterOther && transitions.step(before, id) === next) continue;
      if (this.#isReplaceable(id, state)) continue;
      this.#load(this.#queue, at);
      this.#scratch[configuration.state] = next;
      this.#scratch[configuration.vector] = used.increment(vector, id);
      this.#scratch[configuration.pending] = id;
      this.#scratch[configuration.before] = state;
      this.#arrive(pendings.rowAt(id, count));
    }
  }

  /** Whether a completed operation that may come next does the same: it can change places. */
  #isReplaceable(helper: number, state: number): boolean {
    const { transitions } = this.#ground;
    for (const id of transitions.replacedBy(helper)) {
      const isLeft = this.#triedAt[id] === this.#expansion;
      if (isLeft && transitions.step(state, id) !== refused) return true;
    }
    return false;
  }

  /** Whether the open operation just taken does nothing for the one that would come next. */
  #isIdle(base: number, id: number, next: number): boolean {
    const pending = this.#queue.pool[base + configuration.pending] ?? -1;
    if (pending < 0) return false;
    const { transitions } = this.#ground;
    const without = transitions.step(this.#queue.pool[base + configuration.before] ?? 0, id);
    if (without === refused) return false;
    return without === next || transitions.step(without, pending) === next;
  }
}
