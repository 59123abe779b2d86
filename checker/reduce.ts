/**
 * Reduction: from many operations that cannot be ordered to a few that still cannot.
 *
 * Takes away what it may according to witness-dependencies.ts, and keeps a step only when the rest
 * certainly has no order; a search that gave up rejects it. Ends when no single operation can be
 * spared, or at its limits. Resumable: yields the steps it took.
 */
import { columnsOf, selectRows } from './columns.ts';
import type { Operation } from './history.ts';
import type { Model, SearchLimits } from './model.ts';
import { Search } from './search/search.ts';
import { asFree, asOpen, Dependencies } from './witness-dependencies.ts';

export interface ReductionInput {
  /** All operations that may matter, sorted by invocation. */
  readonly universe: readonly Operation[];
  /** Whether the universe begins with the history. */
  readonly isWhole: boolean;
  /** Where to begin: all of the universe, or those of it. */
  readonly kept?: readonly Operation[];
  readonly model: Model;
  readonly shouldStop: SearchLimits['shouldStop'];
}

export interface Core {
  /** Sorted by invocation. */
  readonly operations: readonly Operation[];
  /** Those of which only the invocation matters: they might as well never have returned. */
  readonly openEnded: ReadonlySet<number>;
  /** Whether some of them could have written without finding what they expected. */
  readonly isFreed: boolean;
  /** What was left out and would not have helped, as operations that may happen or not. */
  readonly helpers: readonly Operation[];
}

/** Limits of one reduction, and of one trial: it only shortens an answer that is known. */
const trialsMax = 400;
/** Operations of all trials, and steps of their searches, added up. */
const workMax = 2_000_000;
const trialStepsMax = 100_000;
const trialBytesMax = 64 << 20;
const stepsPerSlice = 1000;
/** More operations that might happen at any time would only keep the search busy. */
const helpersMax = 2000;

/** null when what it begins with may have an order. */
export function* reduceToCore(input: ReductionInput): Generator<number, Core | null> {
  const reduction = new Reduction(input);
  if (!(yield* reduction.begin())) return null;
  yield* dropAll(reduction, input.model);
  const openEnded = yield* reduction.openWhatMay();
  // Who might as well be open, and write whatever it finds, needs nobody before it.
  const isFreed = yield* reduction.free(openEnded);
  if (!isFreed) return { ...reduction.result, openEnded, isFreed };
  yield* dropAll(reduction, input.model);
  // The core is another one now, in which other returns may matter.
  const opened = yield* reduction.openWhatMay();
  return { ...reduction.result, openEnded: opened, isFreed };
}

function* dropAll(reduction: Reduction, { isObserver }: Model): Generator<number, void> {
  for (;;) {
    const before = reduction.core.length;
    // Whole stretches of the past first: few writers make every later trial cheap.
    yield* reduction.dropInChunks(() => true);
    yield* reduction.dropInChunks((operation) => isObserver(operation));
    yield* reduction.dropSurplusOpen();
    yield* reduction.dropInChunks((operation) => !isObserver(operation));
    if (reduction.core.length === before || reduction.isOver()) return;
  }
}

/**
 * What each single operation of a core would leave if it were taken away, with all that rests on
 * it: the steps that a minimal core has none left of.
 */
export function allowedRemovals(
  core: readonly Operation[],
  input: Pick<ReductionInput, 'universe' | 'model'>,
): readonly Removal[] {
  const dependencies = new Dependencies({ ...input, isWhole: true });
  return core.map((gone) => {
    const rest = dependencies.close(core.filter((operation) => operation !== gone));
    return { rest, helpers: dependencies.helpersOf(rest) };
  });
}

export interface Removal {
  readonly rest: readonly Operation[];
  /** May happen or not; the rest counts as impossible only if they do not help. */
  readonly helpers: readonly Operation[];
}

class Reduction {
  core: readonly Operation[];
  readonly #input: ReductionInput;
  #universe: readonly Operation[];
  #dependencies: Dependencies;
  #trials = 0;
  #work = 0;

  constructor(input: ReductionInput) {
    this.#input = input;
    this.#universe = input.universe;
    this.#dependencies = new Dependencies(input);
    this.core = input.kept ?? input.universe;
  }

  get result(): Pick<Core, 'operations' | 'helpers'> {
    return { operations: this.core, helpers: this.#dependencies.helpersOf(this.core) };
  }

  isOver(): boolean {
    if (this.#trials >= trialsMax || this.#work >= workMax) return true;
    return this.#input.shouldStop() !== null;
  }

  /** Whether the first core, without what has nothing to rest on, certainly has no order. */
  *begin(): Generator<number, boolean> {
    const closed = this.#dependencies.close(this.core);
    if (closed.length === 0 || !(yield* this.#isImpossible(closed))) return false;
    this.core = closed;
    return true;
  }

  /** Tries to take away half of the units, then quarters, down to single ones; oldest first. */
  *dropInChunks(isUnit: (operation: Operation) => boolean): Generator<number, void> {
    let size = Math.ceil(this.core.filter(isUnit).length / 2);
    while (size >= 1) {
      const units = this.core.filter(isUnit);
      for (let start = 0; start < units.length; start += size) {
        if (this.isOver()) return;
        const gone = new Set(units.slice(start, start + size));
        const rest = this.core.filter((operation) => !gone.has(operation));
        yield* this.#try(this.#dependencies.close(rest));
      }
      size = size === 1 ? 0 : Math.ceil(size / 2);
    }
  }

  /**
   * Of equal open operations at most one is of use before each completed one, and those invoked
   * first are of as much use as any. The others are forgotten for good.
   */
  *dropSurplusOpen(): Generator<number, void> {
    const columns = columnsOf(this.core);
    const merged = this.#input.model.canonical?.(columns) ?? columns;
    const completed = this.core.filter((operation) => operation.return !== null).length;
    const kept = new Map<string, number>();
    const surplus = new Set<number>();
    this.core.forEach((operation, at) => {
      if (operation.return !== null) return;
      const text = `${operation.f} ${merged.argument[at]} ${merged.argument2[at]}`;
      const count = (kept.get(text) ?? 0) + 1;
      kept.set(text, count);
      if (count > completed) surplus.add(operation.id);
    });
    if (surplus.size === 0) return;
    const isNeeded = (operation: Operation): boolean => !surplus.has(operation.id);
    const rest = this.core.filter(isNeeded);
    if (!(yield* this.#isImpossible(rest))) return;
    this.core = rest;
    this.#universe = this.#universe.filter(isNeeded);
    this.#dependencies = new Dependencies({ ...this.#input, universe: this.#universe });
  }

  /** Opens one mutation after the other where that leaves the core without an order. */
  *openWhatMay(): Generator<number, ReadonlySet<number>> {
    const opened = new Set<number>();
    let current = this.core;
    for (const operation of this.core) {
      if (this.isOver()) break;
      if (operation.return === null || this.#input.model.isObserver(operation)) continue;
      const candidate = current.map((other) => (other === operation ? asOpen(other) : other));
      if (!(yield* this.#isImpossible(candidate))) continue;
      current = candidate;
      opened.add(operation.id);
    }
    return opened;
  }

  /**
   * Lets one after the other of those that are or may be open write whatever it finds, where that
   * leaves the core without an order; in all that follows it rests on nothing.
   */
  *free(opened: ReadonlySet<number>): Generator<number, boolean> {
    const { model } = this.#input;
    const freed = new Map<number, Operation>();
    for (const operation of this.core) {
      if (this.isOver()) break;
      const isOpen = operation.return === null || opened.has(operation.id);
      if (!isOpen || model.isObserver(operation)) continue;
      const free = asFree(operation, model);
      if (free.f === operation.f) continue;
      const candidate = this.core.map((other) => (other === operation ? free : other));
      if (!(yield* this.#isImpossible(candidate))) continue;
      this.core = candidate;
      freed.set(free.id, free);
    }
    this.#universe = this.#universe.map((operation) => freed.get(operation.id) ?? operation);
    this.#dependencies = new Dependencies({ ...this.#input, universe: this.#universe });
    return freed.size > 0;
  }

  /** Keeps the rest as the new core if it is smaller and certainly cannot be ordered. */
  *#try(rest: readonly Operation[]): Generator<number, void> {
    if (rest.length === this.core.length || rest.length === 0) return;
    if (yield* this.#isImpossible(rest)) this.core = rest;
  }

  *#isImpossible(rest: readonly Operation[]): Generator<number, boolean> {
    const helpers = this.#dependencies.helpersOf(rest);
    if (helpers.length > helpersMax) return false;
    const all = [...rest, ...helpers].sort((a, b) => a.call - b.call);
    this.#trials += 1;
    this.#work += all.length;
    const { model, shouldStop } = this.#input;
    const columns = columnsOf(all);
    const fast = model.fast?.({ columns, failed: selectRows(columns, []) });
    yield all.length;
    if (fast !== undefined && fast.type !== 'undecided') return fast.type === 'invalid';
    const limits = { stepsMax: trialStepsMax, bytesMax: trialBytesMax, shouldStop };
    const search = new Search(columns, model, limits);
    for (;;) {
      const before = search.steps;
      const outcome = search.run(stepsPerSlice);
      yield search.steps - before;
      if (outcome === null) continue;
      this.#work += search.steps;
      return outcome.type === 'none';
    }
  }
}
