/**
 * What of a history a few of its operations rest on, so that an explanation makes nothing up.
 *
 * An observer may always be left out. A writer may not, as long as somebody who stays may have
 * seen what it wrote: without it that answer would be impossible for another reason than the real
 * one. Where a model does not say what its operations see, nothing that writes is left out for
 * good: it stays as an operation that may happen at any time after its invocation.
 */
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import { casPairOf } from './witness-words.ts';

/** What an operation does to an object that holds one value. */
interface Part {
  readonly operation: Operation;
  readonly end: number;
  readonly isObserver: boolean;
  /** null: nothing, or nobody knows what. */
  readonly writes: string | null;
  /** null: it may rest on any value, unless it is blind. */
  readonly sees: string | null;
  readonly isBlind: boolean;
}

/** Writers of one value (or of all), sorted by invocation. */
interface Writers {
  readonly parts: readonly Part[];
  /** The latest return among those up to each place: where to stop looking back. */
  readonly latestEnd: readonly number[];
}

export interface DependencyInput {
  /** All operations that may matter, sorted by invocation. */
  readonly universe: readonly Operation[];
  /** Whether it begins with the history; if not, earlier writers are missing. */
  readonly isWhole: boolean;
  readonly model: Model;
}

export class Dependencies {
  readonly #input: DependencyInput;
  readonly #parts = new Map<number, Part>();
  readonly #writersOf = new Map<string, Writers>();
  readonly #allWriters: Writers;
  readonly #initial: string;

  constructor(input: DependencyInput) {
    this.#input = input;
    this.#initial = input.model.stateKey(input.model.init);
    const parts = input.universe.map((operation) => partOf(operation, input.model));
    for (const part of parts) this.#parts.set(part.operation.id, part);
    const mutators = parts.filter((part) => !part.isObserver);
    this.#allWriters = writersAmong(mutators);
    // Whose value nobody knows may have written any.
    const values = new Set(mutators.flatMap(({ writes }) => writes ?? []));
    for (const value of values) {
      const some = mutators.filter(({ writes }) => writes === value || writes === null);
      this.#writersOf.set(value, writersAmong(some));
    }
  }

  /** Those of the kept ones that still have all that they may rest on. */
  close(kept: readonly Operation[]): readonly Operation[] {
    if (this.#input.model.touches === undefined) return kept;
    let rest = kept.flatMap(({ id }) => this.#parts.get(id) ?? []);
    for (;;) {
      const ids = new Set(rest.map(({ operation }) => operation.id));
      const overwrites = overwritesAmong(rest);
      const closed = rest.filter((part) => this.#isSupported(part, { ids, overwrites }));
      if (closed.length === rest.length) break;
      rest = closed;
    }
    const ids = new Set(rest.map(({ operation }) => operation.id));
    return kept.filter(({ id }) => ids.has(id));
  }

  /** What is not kept and may help all the same, as operations that may happen or not. */
  helpersOf(kept: readonly Operation[]): readonly Operation[] {
    const { model, universe } = this.#input;
    if (model.touches !== undefined) return [];
    const ids = new Set(kept.map(({ id }) => id));
    return universe
      .filter((operation) => !ids.has(operation.id) && !model.isObserver(operation))
      .map(asOpen);
  }

  #isSupported(part: Part, kept: Kept): boolean {
    if (part.isBlind) return true;
    const overwritten = kept.overwrites.latestCallBefore(part.operation.call);
    if (overwritten < 0 && !this.#input.isWhole && part.sees !== this.#initial) return false;
    const { sees } = part;
    const writers = sees === null ? this.#allWriters : this.#writersOf.get(sees);
    if (writers === undefined) return true;
    let isPresent = sees === null || sees === this.#initial;
    for (let at = placeUpTo(writers.parts, part.end); at >= 0; at -= 1) {
      // Whatever is left had been overwritten for certain when this one began.
      if ((writers.latestEnd[at] ?? 0) < overwritten) break;
      const writer = writers.parts[at];
      if (writer === undefined || writer === part || writer.end < overwritten) continue;
      if (!kept.ids.has(writer.operation.id)) return false;
      isPresent = true;
    }
    // That its value was written at all is worth showing, even if long before or too late.
    if (isPresent) return true;
    const others = writers.parts.filter((writer) => writer !== part);
    return others.length === 0 || others.some((w) => kept.ids.has(w.operation.id));
  }
}

interface Kept {
  readonly ids: ReadonlySet<number>;
  readonly overwrites: Overwrites;
}

/** The same operation, of which nobody knows whether it ever happened. */
export function asOpen(operation: Operation): Operation {
  if (operation.return === null) return operation;
  const { returnTimeNs: _, ...rest } = operation;
  return { ...rest, return: null, output: undefined };
}

/**
 * The same operation as one that may write its value whatever it finds, where the model has such
 * a write: more than it could do, so that nobody needs to have written what it expected.
 */
export function asFree(operation: Operation, model: Model): Operation {
  const open = asOpen(operation);
  const touches = model.touches?.(open);
  const pair = casPairOf(open);
  if (pair === null || touches === undefined || !model.functions.includes('write')) return open;
  const free = { ...open, f: 'write', value: pair[1] };
  const { writes, sees } = model.touches?.(free) ?? touches;
  return writes === touches.writes && sees === null ? free : open;
}

function partOf(operation: Operation, model: Model): Part {
  const isObserver = model.isObserver(operation);
  const { writes = null, sees = null } = model.touches?.(operation) ?? {};
  return {
    operation,
    end: operation.return ?? Number.POSITIVE_INFINITY,
    isObserver,
    writes,
    sees,
    isBlind: !isObserver && writes !== null && sees === null,
  };
}

function writersAmong(parts: readonly Part[]): Writers {
  let latest = Number.NEGATIVE_INFINITY;
  const latestEnd = parts.map(({ end }) => {
    latest = Math.max(latest, end);
    return latest;
  });
  return { parts, latestEnd };
}

/** The last place of those invoked by that position; -1 for none. Equal ones are concurrent. */
function placeUpTo(parts: readonly Part[], position: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.operation.call ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Completed writers by their return: what they found had gone when the latest of them began. */
class Overwrites {
  readonly #ends: readonly number[];
  readonly #latestCall: readonly number[];

  constructor(parts: readonly Part[]) {
    const sorted = parts
      .filter(({ isObserver, end }) => !isObserver && end !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.end - b.end);
    let latest = -1;
    this.#ends = sorted.map(({ end }) => end);
    this.#latestCall = sorted.map(({ operation }) => {
      latest = Math.max(latest, operation.call);
      return latest;
    });
  }

  /** The latest invocation of those that had returned by then; -1 for none. */
  latestCallBefore(position: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return this.#latestCall[low - 1] ?? -1;
  }
}

function overwritesAmong(parts: readonly Part[]): Overwrites {
  return new Overwrites(parts);
}
