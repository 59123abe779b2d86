/**
 * Reduction: from many operations that cannot be ordered to a few that still cannot.
 *
 * It takes away whole observers, or a writer together with everyone who saw its value: to take
 * a writer alone would make up a value that nobody wrote. A step counts only when the search says
 * for certain that the rest cannot be ordered; a search that gave up rejects it. Resumable: yields
 * the steps it took.
 */
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { Search, type SearchLimits } from './search/search.ts';

export interface ReductionInput {
  readonly operations: readonly Operation[];
  readonly model: Model;
  readonly shouldStop: SearchLimits['shouldStop'];
}

/** Trials of one reduction, and steps of one trial: it shortens an answer that is known. */
const trialsMax = 200;
const trialStepsMax = 20_000;
const trialBytesMax = 64 << 20;
const stepsPerSlice = 1000;

/** The operations, fewer of them; sorted by invocation. */
export function* reduceToCore(input: ReductionInput): Generator<number, readonly Operation[]> {
  const trials = { left: trialsMax };
  let core = input.operations;
  for (;;) {
    const before = core.length;
    const { model } = input;
    const observers = (operation: Operation): boolean => model.isObserver(operation);
    core = yield* dropInChunks({ input, core, trials, units: observers });
    core = yield* dropInChunks({
      input,
      core,
      trials,
      units: (operation) => !observers(operation),
    });
    if (core.length === before || trials.left <= 0) return core;
  }
}

interface Drop {
  readonly input: ReductionInput;
  readonly core: readonly Operation[];
  readonly trials: { left: number };
  /** What may start a removal. */
  units(operation: Operation): boolean;
}

/** Tries to take away half of the units, then quarters, down to single ones; oldest first. */
function* dropInChunks(drop: Drop): Generator<number, readonly Operation[]> {
  let { core } = drop;
  let size = Math.ceil(core.filter(drop.units).length / 2);
  while (size >= 1) {
    const units = core.filter(drop.units);
    for (let start = 0; start < units.length; start += size) {
      if (drop.trials.left <= 0 || drop.input.shouldStop() !== null) return core;
      const rest = without(core, units.slice(start, start + size), drop.input.model);
      if (rest.length === core.length || rest.length === 0) continue;
      drop.trials.left -= 1;
      if (yield* isImpossible(rest, drop.input)) core = rest;
    }
    size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return core;
}

/** The core without those, and without all who saw a value that one of those wrote. */
function without(
  core: readonly Operation[],
  gone: readonly Operation[],
  model: Model,
): readonly Operation[] {
  const removed = new Set<Operation>(gone);
  const pending = [...gone];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (model.isObserver(next)) continue;
    const written = model.touches?.(next).writes ?? null;
    for (const operation of core) {
      if (removed.has(operation) || !dependsOn(operation, written, model)) continue;
      removed.add(operation);
      pending.push(operation);
    }
  }
  return core.filter((operation) => !removed.has(operation));
}

/** An observer that does not say what it saw may rest on any write. */
function dependsOn(operation: Operation, written: string | null, model: Model): boolean {
  const touches = model.touches?.(operation);
  if (touches === undefined) return true;
  if (touches.sees === null) return model.isObserver(operation);
  return written !== null && touches.sees === written;
}

/** Whether the search shows that they cannot be ordered; false also when it gave up. */
function* isImpossible(
  operations: readonly Operation[],
  input: ReductionInput,
): Generator<number, boolean> {
  const search = new Search(operations, input.model, {
    stepsMax: trialStepsMax,
    bytesMax: trialBytesMax,
    shouldStop: input.shouldStop,
  });
  for (;;) {
    const before = search.steps;
    const outcome = search.run(stepsPerSlice);
    yield search.steps - before;
    if (outcome !== null) return outcome.type === 'none';
  }
}
