/**
 * The search depth first over orders, with a memory of configurations. [WG93] [Lowe17]
 *
 * Exact. Four reductions, each of which keeps the answer: an observer that fits is taken at once;
 * of equal operations that may come next only the one that returns first is tried, for the two
 * may change places; open operations are interchangeable within a class; and one of those is taken
 * only where the very next operation needs it, for else a later place, or none, would do as well.
 */
import { neverReturned } from '../columns.ts';
import type { EventList } from './event-list.ts';
import type { Ground } from './ground.ts';
import { hashWord } from './hash-words.ts';
import { IntStack } from './int-stack.ts';
import { refused } from './transitions.ts';
import { Visited } from './visited.ts';

/** The words of a frame on the stack. */
const frameWords = 8;
const inFrame = {
  state: 0,
  vector: 1,
  pending: 2,
  before: 3,
  trailLength: 4,
  moveBase: 5,
  requiredRow: 6,
  /** How many classes of open operations were looked at, once nothing else is left. */
  helpersSeen: 7,
} as const;

/** Where the search stands, and the open operation just taken whose need is not yet shown. */
interface Place {
  readonly state: number;
  readonly vector: number;
  /** Class of that open operation, -1 for none, and the state before it. */
  readonly pending: number;
  readonly before: number;
}

/** The longest order is for explanations, which are of few operations; copies of long ones cost. */
const longestOperationsMax = 512;
const helpersPerStep = 256;
/** How far other orders than the first mix operations by their returns. */
const noisePositions = [0, 16, 64, 256] as const;

export interface DepthOptions {
  /** Its own: a search takes operations out of it. */
  readonly list: EventList;
  /**
   * Whether an open operation may take effect again and again. More is possible then, so an order
   * that it finds says nothing; but where it finds none there is none. How many were used does not
   * matter to it, and so a violation that no crashed operation can explain is soon known, which
   * otherwise takes all ways to use them up.
   */
  readonly reusesOpen: boolean;
}

export class DepthSearch {
  readonly #ground: Ground;
  readonly #list: EventList;
  readonly #reusesOpen: boolean;
  readonly #returns: Int32Array;
  readonly #visited: Visited;
  readonly #key: Int32Array;
  readonly #frames: IntStack = new IntStack();
  readonly #moves: IntStack = new IntStack();
  readonly #candidates: IntStack = new IntStack();
  /** Rows as they were linearized. */
  readonly #trail: IntStack = new IntStack();
  /** By class: the candidate that returns first, and in which configuration that was. */
  readonly #firstOfClass: Int32Array;
  readonly #seenAt: Int32Array;
  #configuration = 0;
  #longest: Int32Array = new Int32Array(0);
  #stuckRow = -1;
  #run = 0;
  #isStarted = false;
  #result: 'found' | 'none' | null = null;

  constructor(ground: Ground, options: DepthOptions = { list: ground.list, reusesOpen: false }) {
    this.#ground = ground;
    this.#list = options.list;
    this.#reusesOpen = options.reusesOpen;
    this.#returns = ground.columns.return;
    const { mutatorWords, observerWords } = ground.slots;
    this.#key = new Int32Array(2 + mutatorWords + observerWords);
    this.#visited = new Visited({ exactWords: 2 + mutatorWords, observerWords }, ground.used);
    this.#firstOfClass = new Int32Array(ground.transitions.classCount);
    this.#seenAt = new Int32Array(ground.transitions.classCount).fill(-1);
  }

  get byteLength(): number {
    const stacks = this.#frames.byteLength + this.#moves.byteLength + this.#trail.byteLength;
    return stacks + this.#visited.byteLength + this.#seenAt.byteLength * 2;
  }

  get visitedCount(): number {
    return this.#visited.size;
  }

  /** The operation with the latest return that had to come next; -1 before the first step. */
  get stuckRow(): number {
    return this.#stuckRow;
  }

  /** The longest order tried, for histories of few operations. */
  get longest(): Uint32Array {
    return Uint32Array.from(this.#longest);
  }

  /** Rows in the order found. */
  get order(): Uint32Array {
    return Uint32Array.from(this.#trail.toArray());
  }

  step(): 'found' | 'none' | null {
    if (this.#isStarted) this.#advance();
    else this.#enter({ state: 0, vector: 0, pending: -1, before: 0 }, 0);
    this.#isStarted = true;
    return this.#result;
  }

  /**
   * Begins again with another order of candidates. What it left is known to lead nowhere, what it
   * is inside of is not; and with open operations to take, what it left may rest on what it is
   * inside of, by way of the memory. So it forgets everything.
   */
  restart(): void {
    this.#undo(0);
    this.#frames.truncate(0);
    this.#moves.truncate(0);
    this.#visited.clear();
    this.#run += 1;
    this.#isStarted = false;
  }

  /** Takes the next move of the topmost frame, or leaves the frame. */
  #advance(): void {
    const base = this.#frames.length - frameWords;
    if (base < 0) {
      this.#result = 'none';
      return;
    }
    if (this.#moves.length > this.#frames.at(base + inFrame.moveBase)) {
      this.#takeCandidate(base, this.#moves.pop());
      return;
    }
    const { classes } = this.#ground.pendings;
    const seen = this.#frames.at(base + inFrame.helpersSeen);
    if (seen < classes.length) {
      // Late, and only when nothing else worked: helpers are many and seldom needed.
      this.#takeHelper(base, seen);
      return;
    }
    this.#undo(this.#frames.at(base + inFrame.trailLength));
    this.#frames.truncate(base);
  }

  #takeCandidate(base: number, row: number): void {
    const { transitions } = this.#ground;
    const state = this.#frames.at(base + inFrame.state);
    const vector = this.#frames.at(base + inFrame.vector);
    const trailLength = this.#trail.length;
    const next = transitions.step(state, transitions.classOfRow[row] ?? 0);
    this.#list.lift(row);
    this.#trail.push(row);
    this.#enter({ state: next, vector, pending: -1, before: 0 }, trailLength);
  }

  /** Looks through some classes for an open operation that may be of use, and takes it. */
  #takeHelper(base: number, seen: number): void {
    const { pendings, transitions, used } = this.#ground;
    const place = this.#placeOf(base);
    const position = this.#returns[this.#frames.at(base + inFrame.requiredRow)] ?? 0;
    const end = Math.min(pendings.classes.length, seen + helpersPerStep);
    this.#markCandidates();
    for (let at = seen; at < end; at += 1) {
      const id = pendings.classes[at] ?? 0;
      const count = this.#reusesOpen ? 0 : used.countOf(place.vector, id);
      if (!pendings.isAvailable(id, count, position)) continue;
      const next = transitions.step(place.state, id);
      if (next === refused || next === place.state) continue;
      if (place.pending >= 0 && transitions.step(place.before, id) === next) continue;
      if (this.#isReplaceable(id, place.state)) continue;
      this.#frames.set(base + inFrame.helpersSeen, at + 1);
      const trailLength = this.#trail.length;
      this.#trail.push(pendings.rowAt(id, count));
      const vector = this.#reusesOpen ? 0 : used.increment(place.vector, id);
      this.#enter({ state: next, vector, pending: id, before: place.state }, trailLength);
      return;
    }
    this.#frames.set(base + inFrame.helpersSeen, end);
  }

  /** Notes the classes that may come next. */
  #markCandidates(): void {
    const { transitions } = this.#ground;
    const list = this.#list;
    this.#configuration += 1;
    for (let entry = list.first; entry !== list.end; entry = list.next[entry] ?? list.end) {
      const event = list.event[entry] ?? 0;
      if (event % 2 === 1) return;
      this.#seenAt[transitions.classOfRow[event >> 1] ?? 0] = this.#configuration;
    }
  }

  /** Whether a completed operation that may come next does the same: it can change places. */
  #isReplaceable(helper: number, state: number): boolean {
    const { transitions } = this.#ground;
    for (const id of transitions.replacedBy(helper)) {
      const isLeft = this.#seenAt[id] === this.#configuration;
      if (isLeft && transitions.step(state, id) !== refused) return true;
    }
    return false;
  }

  #placeOf(base: number): Place {
    return {
      state: this.#frames.at(base + inFrame.state),
      vector: this.#frames.at(base + inFrame.vector),
      pending: this.#frames.at(base + inFrame.pending),
      before: this.#frames.at(base + inFrame.before),
    };
  }

  /** Arrives in a configuration: takes what fits at once, and opens a frame if it is new. */
  #enter(place: Place, trailLength: number): void {
    const moved = this.#trail.length;
    const requiredRow = this.#takeObservers(place.state);
    if (requiredRow < 0) {
      this.#result = 'found';
      return;
    }
    this.#note(requiredRow);
    this.#fillKey(requiredRow, place.state);
    if (this.#visited.covers(this.#key, place.vector)) {
      this.#undo(trailLength);
      return;
    }
    this.#visited.add(this.#key, place.vector);
    // An observer that fits now did not fit before the open operation, so that one was needed.
    const isNeedShown = this.#trail.length > moved;
    const pending = isNeedShown ? -1 : place.pending;
    this.#frames.push(place.state);
    this.#frames.push(place.vector);
    this.#frames.push(pending);
    this.#frames.push(place.before);
    this.#frames.push(trailLength);
    this.#frames.push(this.#moves.length);
    this.#frames.push(requiredRow);
    this.#frames.push(0);
    this.#pushCandidates(place.state, pending, place.before);
  }

  /**
   * Linearizes each observer that may come next and fits the state: it could always come first.
   * Leaves in `#candidates` what else may come next; gives the row whose return is first, or -1
   * when nothing is left.
   */
  #takeObservers(state: number): number {
    const { transitions } = this.#ground;
    const list = this.#list;
    const { classOfRow, isObserver } = transitions;
    const { end, event: events, next } = list;
    this.#candidates.truncate(0);
    let entry = list.first;
    while (entry !== end) {
      const event = events[entry] ?? 0;
      const row = event >> 1;
      if (event % 2 === 1) return row;
      const id = classOfRow[row] ?? 0;
      if (isObserver[id] === 1 && transitions.step(state, id) !== refused) {
        this.#trail.push(row);
        entry = list.lift(row);
      } else {
        this.#candidates.push(row);
        entry = next[entry] ?? end;
      }
    }
    return -1;
  }

  /**
   * The first return that is left, the model state, and who of the open ones is not yet in. Not
   * which open operation was taken last, although fewer moves are then tried. An equal
   * configuration that comes later is cut off by this one, and rightly: with the moves that are
   * left out here an order also goes on from before the open operation, and with fewer, or later,
   * open ones. By induction on what is left, and on the open ones used, one of those orders is
   * found.
   */
  #fillKey(requiredRow: number, state: number): void {
    const { transitions, slots } = this.#ground;
    const observerBase = 2 + slots.mutatorWords;
    this.#key.fill(0);
    this.#key[0] = requiredRow;
    this.#key[1] = state;
    for (let at = 0; at < this.#candidates.length; at += 1) {
      const row = this.#candidates.at(at);
      const slot = slots.slot[row] ?? 0;
      const isObserver = transitions.isObserver[transitions.classOfRow[row] ?? 0] === 1;
      const word = (isObserver ? observerBase : 2) + (slot >> 5);
      this.#key[word] = (this.#key[word] ?? 0) | (1 << (slot & 31));
    }
  }

  /** Moves of completed operations; the one that must return first is tried first. */
  #pushCandidates(state: number, pending: number, before: number): void {
    const base = this.#moves.length;
    const { transitions } = this.#ground;
    const { classOfRow, isObserver } = transitions;
    this.#configuration += 1;
    for (let at = 0; at < this.#candidates.length; at += 1) {
      const row = this.#candidates.at(at);
      const id = classOfRow[row] ?? 0;
      if (isObserver[id] === 1) continue;
      const first = this.#firstOfClass[id] ?? 0;
      const isSeen = this.#seenAt[id] === this.#configuration;
      if (isSeen && (this.#returns[first] ?? 0) <= (this.#returns[row] ?? 0)) continue;
      this.#firstOfClass[id] = row;
      this.#seenAt[id] = this.#configuration;
    }
    for (let at = 0; at < this.#candidates.length; at += 1) {
      const row = this.#candidates.at(at);
      const id = classOfRow[row] ?? 0;
      if (isObserver[id] === 1 || this.#firstOfClass[id] !== row) continue;
      const next = transitions.step(state, id);
      if (next === refused) continue;
      if (pending >= 0 && this.#isIdle({ pending, before, id, next })) continue;
      this.#insertMove(base, row);
    }
  }

  #insertMove(base: number, row: number): void {
    const priority = this.#priorityOf(row);
    this.#moves.push(row);
    let hole = this.#moves.length - 1;
    while (hole > base && this.#priorityOf(this.#moves.at(hole - 1)) < priority) {
      this.#moves.set(hole, this.#moves.at(hole - 1));
      hole -= 1;
    }
    this.#moves.set(hole, row);
  }

  #priorityOf(row: number): number {
    const noise = noisePositions[this.#run % noisePositions.length] ?? 0;
    const end = this.#returns[row] ?? 0;
    return noise === 0 ? end : end + ((hashWord(this.#run, row) >>> 8) % noise);
  }

  /** Whether the open operation just taken does nothing for the one that would come next. */
  #isIdle(move: {
    readonly pending: number;
    readonly before: number;
    readonly id: number;
    readonly next: number;
  }): boolean {
    const { transitions } = this.#ground;
    const without = transitions.step(move.before, move.id);
    if (without === refused) return false;
    return without === move.next || transitions.step(without, move.pending) === move.next;
  }

  #undo(trailLength: number): void {
    const isLonger = this.#trail.length > this.#longest.length;
    if (isLonger && this.#returns.length <= longestOperationsMax) {
      this.#longest = this.#trail.toArray();
    }
    while (this.#trail.length > trailLength) {
      const row = this.#trail.pop();
      if (this.#returns[row] !== neverReturned) this.#list.unlift(row);
    }
  }

  /** Remembers the latest return that had to come next: no order gets beyond it in the end. */
  #note(requiredRow: number): void {
    const known = this.#stuckRow < 0 ? -1 : (this.#returns[this.#stuckRow] ?? 0);
    if ((this.#returns[requiredRow] ?? 0) > known) this.#stuckRow = requiredRow;
  }
}
