/**
 * Reduction: from many operations that cannot be ordered to a few that still cannot.
 *
 * It takes away whole observers, or a writer together with everyone who saw its value: to take
 * a writer alone would make up a value that nobody wrote. A step counts only when the search says
 * for certain that the rest cannot be ordered; a search that gave up rejects it. Resumable: yields
 * the steps it took.
 */
import { columnsOf, selectRows } from './columns.ts';
import type { Operation } from './history.ts';
import type { Model, SearchLimits, Touches } from './model.ts';
import { Search } from './search/search.ts';

export interface ReductionInput {
  readonly operations: readonly Operation[];
  readonly model: Model;
  readonly shouldStop: SearchLimits['shouldStop'];
}

/** Limits of one reduction, and of one trial: it only shortens an answer that is known. */
const trialsMax = 200;
/** Operations of all trials, and steps of their searches, added up. */
const workMax = 2_000_000;
const trialStepsMax = 20_000;
const trialBytesMax = 64 << 20;
const stepsPerSlice = 1000;

/** The operations, fewer of them; sorted by invocation. */
export function* reduceToCore(input: ReductionInput): Generator<number, readonly Operation[]> {
  const reduction = new Reduction(input);
  for (;;) {
    const before = reduction.core.length;
    // Whole stretches of the past first: few writers make every later trial cheap.
    yield* reduction.dropInChunks(() => true);
    yield* reduction.dropInChunks((operation) => input.model.isObserver(operation));
    yield* reduction.dropSurplusOpen();
    yield* reduction.dropInChunks((operation) => !input.model.isObserver(operation));
    if (reduction.core.length === before || reduction.isOver()) return reduction.core;
  }
}

class Reduction {
  core: readonly Operation[];
  readonly #input: ReductionInput;
  readonly #touches = new Map<Operation, Touches | null>();
  readonly #observers = new Set<Operation>();
  #trials = 0;
  #work = 0;

  constructor(input: ReductionInput) {
    this.#input = input;
    this.core = input.operations;
    for (const operation of input.operations) {
      this.#touches.set(operation, input.model.touches?.(operation) ?? null);
      if (input.model.isObserver(operation)) this.#observers.add(operation);
    }
  }

  isOver(): boolean {
    if (this.#trials >= trialsMax || this.#work >= workMax) return true;
    return this.#input.shouldStop() !== null;
  }

  /** Tries to take away half of the units, then quarters, down to single ones; oldest first. */
  *dropInChunks(isUnit: (operation: Operation) => boolean): Generator<number, void> {
    let size = Math.ceil(this.core.filter(isUnit).length / 2);
    while (size >= 1) {
      const units = this.core.filter(isUnit);
      for (let start = 0; start < units.length; start += size) {
        if (this.isOver()) return;
        yield* this.#try(this.#without(units.slice(start, start + size)));
      }
      size = size === 1 ? 0 : Math.ceil(size / 2);
    }
  }

  /**
   * Of equal open operations at most one is of use before each completed one, and those invoked
   * first are of as much use as any.
   */
  *dropSurplusOpen(): Generator<number, void> {
    const columns = columnsOf(this.core);
    const merged = this.#input.model.canonical?.(columns) ?? columns;
    const completed = this.core.filter((operation) => operation.return !== null).length;
    const kept = new Map<string, number>();
    const rest = this.core.filter((operation, at) => {
      if (operation.return !== null) return true;
      const text = `${operation.f} ${merged.argument[at]} ${merged.argument2[at]}`;
      const count = (kept.get(text) ?? 0) + 1;
      kept.set(text, count);
      return count <= completed;
    });
    yield* this.#try(rest);
  }

  /** Keeps the rest as the new core if it is smaller and certainly cannot be ordered. */
  *#try(rest: readonly Operation[]): Generator<number, void> {
    if (rest.length === this.core.length || rest.length === 0) return;
    this.#trials += 1;
    const columns = columnsOf(rest);
    const fast = this.#input.model.fast?.({ columns, failed: selectRows(columns, []) });
    if (fast !== undefined && fast.type !== 'undecided') {
      yield rest.length;
      this.#work += rest.length;
      if (fast.type === 'invalid') this.core = rest;
      return;
    }
    const search = new Search(columns, this.#input.model, {
      stepsMax: trialStepsMax,
      bytesMax: trialBytesMax,
      shouldStop: this.#input.shouldStop,
    });
    for (;;) {
      const before = search.steps;
      const outcome = search.run(stepsPerSlice);
      yield search.steps - before;
      if (outcome === null) continue;
      this.#work += rest.length + search.steps;
      if (outcome.type === 'none') this.core = rest;
      return;
    }
  }

  /** The core without those, and without all who saw a value that one of those wrote. */
  #without(gone: readonly Operation[]): readonly Operation[] {
    const removed = new Set<Operation>(gone);
    const bySight = this.#groupBySight();
    const pending = [...gone];
    const remove = (operation: Operation): void => {
      if (removed.has(operation)) return;
      removed.add(operation);
      pending.push(operation);
    };
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (this.#observers.has(next)) continue;
      const written = this.#touches.get(next)?.writes ?? null;
      if (written !== null) take(bySight, written).forEach(remove);
      // An observer that does not say what it saw may rest on any write.
      take(bySight, null).forEach(remove);
    }
    return this.core.filter((operation) => !removed.has(operation));
  }

  /** Who saw which value; under null those who may have seen any. */
  #groupBySight(): Map<string | null, Operation[]> {
    const groups = new Map<string | null, Operation[]>();
    for (const operation of this.core) {
      const touches = this.#touches.get(operation) ?? null;
      const sees = touches?.sees ?? null;
      const isBlindWriter = touches !== null && sees === null && !this.#observers.has(operation);
      if (isBlindWriter) continue;
      const group = groups.get(sees);
      if (group === undefined) groups.set(sees, [operation]);
      else group.push(operation);
    }
    return groups;
  }
}

/** Takes a group out, so that it is looked at once. */
function take(groups: Map<string | null, Operation[]>, value: string | null): readonly Operation[] {
  const group = groups.get(value) ?? [];
  groups.delete(value);
  return group;
}
