/**
 * The general search: exact for every model, exponential in the worst case. [WG93] [Lowe17]
 *
 * Depth first over orders, with the memory of configurations in visited.ts. Synchronous and
 * resumable: `run` takes a budget of steps. Three reductions, each of which keeps the answer:
 * an observer that fits is taken at once; open operations are interchangeable within a class;
 * and one is taken only where the very next operation needs it, for else a later place, or
 * none, would do as well.
 */
import { type Columns, neverReturned } from '../columns.ts';
import type { Model, SearchLimits } from '../model.ts';
import type { UnknownReason } from '../verdict.ts';
import { EventList } from './event-list.ts';
import { IntStack } from './int-stack.ts';
import { PendingClasses } from './pending-classes.ts';
import { refused, Transitions } from './transitions.ts';
import { UsedCounts } from './used-counts.ts';
import { Visited } from './visited.ts';

export type SearchOutcome =
  /** Rows in the order of their linearization points. */
  | { readonly type: 'found'; readonly order: Uint32Array }
  /** No order exists; none gets past the return of row `stuckRow`. */
  | { readonly type: 'none'; readonly stuckRow: number; readonly longest: Uint32Array }
  | { readonly type: 'stopped'; readonly reason: UnknownReason; readonly position: number };

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
  hasHelpers: 7,
} as const;

/** Where the search stands, and the open operation just taken whose need is not yet shown. */
interface Place {
  readonly state: number;
  readonly vector: number;
  /** Class of that open operation, -1 for none, and the state before it. */
  readonly pending: number;
  readonly before: number;
}

const stepsBetweenChecks = 1024;
/** The longest order is for explanations, which are of few operations; copies of long ones cost. */
const longestOperationsMax = 512;
const keyWordsFixed = 4;

export class Search {
  readonly #returns: Int32Array;
  readonly #limits: SearchLimits;
  readonly #list: EventList;
  readonly #slot: Int32Array;
  readonly #transitions: Transitions;
  readonly #pendings: PendingClasses;
  readonly #used: UsedCounts;
  readonly #visited: Visited;
  readonly #key: Int32Array;
  readonly #frames: IntStack = new IntStack();
  readonly #moves: IntStack = new IntStack();
  readonly #candidates: IntStack = new IntStack();
  /** Rows as they were linearized. */
  readonly #trail: IntStack = new IntStack();
  #longest: Int32Array = new Int32Array(0);
  #longestLength = 0;
  #stuckRow = -1;
  #steps = 0;
  #outcome: SearchOutcome | null = null;

  constructor(columns: Columns, model: Model, limits: SearchLimits) {
    this.#limits = limits;
    this.#returns = columns.return;
    this.#list = new EventList(columns);
    const { slot, slotCount } = this.#list.assignSlots();
    this.#slot = slot;
    this.#transitions = new Transitions(model.canonical?.(columns) ?? columns, model);
    this.#pendings = new PendingClasses(columns, this.#transitions);
    this.#used = new UsedCounts(this.#transitions.classCount);
    this.#key = new Int32Array(keyWordsFixed + Math.ceil(slotCount / 32));
    this.#visited = new Visited(this.#key.length, this.#used);
  }

  get steps(): number {
    return this.#steps;
  }

  /** Goes on for at most that many steps; null when it is not done. */
  run(stepsMax: number): SearchOutcome | null {
    for (let step = 0; step < stepsMax && this.#outcome === null; step += 1) {
      this.#checkLimits();
      this.#steps += 1;
      if (this.#outcome !== null) break;
      if (this.#steps === 1) this.#enter({ state: 0, vector: 0, pending: -1, before: 0 }, 0);
      else this.#advance();
    }
    return this.#outcome;
  }

  #checkLimits(): void {
    const reason = this.#exceededLimit();
    if (reason === null) return;
    const position = this.#stuckRow < 0 ? 0 : (this.#returns[this.#stuckRow] ?? 0);
    this.#outcome = { type: 'stopped', reason, position };
  }

  #exceededLimit(): UnknownReason | null {
    if (this.#steps >= this.#limits.stepsMax) return 'steps';
    if (this.#steps % stepsBetweenChecks !== 0) return null;
    const reason = this.#limits.shouldStop();
    if (reason !== null) return reason;
    return this.#estimateBytes() > this.#limits.bytesMax ? 'memory' : null;
  }

  #estimateBytes(): number {
    const perRow = 60;
    const stacks = this.#frames.byteLength + this.#moves.byteLength + this.#trail.byteLength;
    const tables = this.#visited.byteLength + this.#used.byteLength + this.#transitions.byteLength;
    return stacks + tables + this.#list.byteLength + this.#returns.length * perRow;
  }

  /** Takes the next move of the topmost frame, or leaves the frame. */
  #advance(): void {
    const base = this.#frames.length - frameWords;
    if (base < 0) {
      const longest = Uint32Array.from(this.#longest);
      this.#outcome = { type: 'none', stuckRow: this.#stuckRow, longest };
      return;
    }
    if (this.#moves.length === this.#frames.at(base + inFrame.moveBase)) {
      if (this.#frames.at(base + inFrame.hasHelpers) === 0) {
        // Late, and only when nothing else worked: helpers are many and seldom needed.
        this.#frames.set(base + inFrame.hasHelpers, 1);
        this.#pushHelpers(base);
        return;
      }
      this.#undo(this.#frames.at(base + inFrame.trailLength));
      this.#frames.truncate(base);
      return;
    }
    this.#makeMove(base, this.#moves.pop());
  }

  #makeMove(base: number, move: number): void {
    const state = this.#frames.at(base + inFrame.state);
    const vector = this.#frames.at(base + inFrame.vector);
    const trailLength = this.#trail.length;
    if (move >= 0) {
      const next = this.#transitions.step(state, this.#transitions.classOfRow[move] ?? 0);
      this.#list.lift(move);
      this.#trail.push(move);
      this.#enter({ state: next, vector, pending: -1, before: 0 }, trailLength);
      return;
    }
    const pending = -move - 1;
    this.#trail.push(this.#pendings.take(pending));
    const place = {
      state: this.#transitions.step(state, pending),
      vector: this.#used.increment(vector, pending),
      pending,
      before: state,
    };
    this.#enter(place, trailLength);
  }

  /** Arrives in a configuration: takes what fits at once, and opens a frame if it is new. */
  #enter(place: Place, trailLength: number): void {
    const moved = this.#trail.length;
    const requiredRow = this.#takeObservers(place.state);
    if (requiredRow < 0) {
      this.#outcome = { type: 'found', order: Uint32Array.from(this.#trail.toArray()) };
      return;
    }
    this.#note(requiredRow);
    // An observer that fits now did not fit before the open operation, so that one was needed.
    const isNeedShown = this.#trail.length > moved;
    const pending = isNeedShown ? -1 : place.pending;
    const before = isNeedShown ? 0 : place.before;
    this.#fillKey(requiredRow, place.state);
    let isKnown = this.#visited.covers(this.#key, place.vector);
    if (!isKnown && pending >= 0) {
      this.#key[2] = pending + 1;
      this.#key[3] = before;
      isKnown = this.#visited.covers(this.#key, place.vector);
    }
    if (isKnown) {
      this.#undo(trailLength);
      return;
    }
    this.#visited.add(this.#key, place.vector);
    this.#frames.push(place.state);
    this.#frames.push(place.vector);
    this.#frames.push(pending);
    this.#frames.push(before);
    this.#frames.push(trailLength);
    this.#frames.push(this.#moves.length);
    this.#frames.push(requiredRow);
    this.#frames.push(0);
    this.#pushCandidates({ ...place, pending, before });
  }

  /**
   * Linearizes each observer that may come next and fits the state: it could always come first.
   * Leaves in `#candidates` what else may come next; gives the row whose return is first, or -1
   * when nothing is left.
   */
  #takeObservers(state: number): number {
    const list = this.#list;
    const { classOfRow, isObserver } = this.#transitions;
    this.#candidates.truncate(0);
    let entry = list.first;
    while (entry !== list.end) {
      const row = list.row[entry] ?? 0;
      if (list.isReturn(entry)) return row;
      const operationClass = classOfRow[row] ?? 0;
      const isFree =
        isObserver[operationClass] === 1 &&
        this.#transitions.step(state, operationClass) !== refused;
      if (isFree) {
        this.#trail.push(row);
        entry = list.lift(row);
      } else {
        this.#candidates.push(row);
        entry = list.next[entry] ?? list.end;
      }
    }
    return -1;
  }

  /** The first return that is left, the model state, and who of the open ones is not yet in. */
  #fillKey(requiredRow: number, state: number): void {
    this.#key.fill(0);
    this.#key[0] = requiredRow;
    this.#key[1] = state;
    for (let at = 0; at < this.#candidates.length; at += 1) {
      const slot = this.#slot[this.#candidates.at(at)] ?? 0;
      const word = keyWordsFixed + (slot >> 5);
      this.#key[word] = (this.#key[word] ?? 0) | (1 << (slot & 31));
    }
  }

  /** Moves of completed operations; the one that must return first is tried first. */
  #pushCandidates(place: Place): void {
    const base = this.#moves.length;
    const { classOfRow, isObserver } = this.#transitions;
    for (let at = 0; at < this.#candidates.length; at += 1) {
      const row = this.#candidates.at(at);
      const operationClass = classOfRow[row] ?? 0;
      if (isObserver[operationClass] === 1) continue;
      const next = this.#transitions.step(place.state, operationClass);
      if (next === refused || this.#isHelperIdle(place, operationClass, next)) continue;
      this.#moves.push(row);
      let hole = this.#moves.length - 1;
      const end = this.#returns[row] ?? 0;
      while (hole > base && (this.#returns[this.#moves.at(hole - 1)] ?? 0) < end) {
        this.#moves.set(hole, this.#moves.at(hole - 1));
        hole -= 1;
      }
      this.#moves.set(hole, row);
    }
  }

  #pushHelpers(base: number): void {
    const place: Place = {
      state: this.#frames.at(base + inFrame.state),
      vector: this.#frames.at(base + inFrame.vector),
      pending: this.#frames.at(base + inFrame.pending),
      before: this.#frames.at(base + inFrame.before),
    };
    const position = this.#returns[this.#frames.at(base + inFrame.requiredRow)] ?? 0;
    for (const operationClass of this.#pendings.classes) {
      if (!this.#pendings.isAvailable(operationClass, position)) continue;
      const next = this.#transitions.step(place.state, operationClass);
      if (next === refused || next === place.state) continue;
      // Of two open ones that commute, the smaller class goes first.
      const isIdle = this.#isHelperIdle(place, operationClass, next);
      if (isIdle) continue;
      this.#moves.push(-operationClass - 1);
    }
  }

  /** Whether the open operation just taken does nothing for the one that would come next. */
  #isHelperIdle(place: Place, operationClass: number, next: number): boolean {
    if (place.pending < 0) return false;
    const without = this.#transitions.step(place.before, operationClass);
    if (without === refused) return false;
    if (without === next) return true;
    if (this.#transitions.step(without, place.pending) !== next) return false;
    return !this.#pendings.has(operationClass) || place.pending > operationClass;
  }

  #undo(trailLength: number): void {
    if (this.#returns.length <= longestOperationsMax && this.#trail.length > this.#longestLength) {
      this.#longestLength = this.#trail.length;
      this.#longest = this.#trail.toArray();
    }
    while (this.#trail.length > trailLength) {
      const row = this.#trail.pop();
      if (this.#returns[row] === neverReturned) {
        this.#pendings.putBack(this.#transitions.classOfRow[row] ?? 0);
      } else this.#list.unlift(row);
    }
  }

  /** Remembers the latest return that had to come next: no order gets beyond it in the end. */
  #note(requiredRow: number): void {
    const known = this.#stuckRow < 0 ? -1 : (this.#returns[this.#stuckRow] ?? 0);
    if ((this.#returns[requiredRow] ?? 0) > known) this.#stuckRow = requiredRow;
  }
}
