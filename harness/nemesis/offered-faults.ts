/**
 * What a schedule may ask for: families with their variants and parameters, and the decks that they
 * are dealt from, so that each has its turn before any has another.
 */
import type { FaultParameters } from '../nemesis.ts';
import { type RandomSource, randomShuffle } from '../run/random.ts';

/** A variant of a family, with what is said beside it. */
export interface OfferedFault {
  readonly variant: string;
  readonly parameters: FaultParameters;
}

export interface OfferedFamily {
  readonly name: string;
  /** Over as soon as it is done: no end is asked for. */
  readonly isMomentary: boolean;
  /** One or more. */
  readonly faults: readonly OfferedFault[];
}

/** What every schedule is made of. */
export interface ScheduleOptions {
  readonly families: readonly OfferedFamily[];
  /** Completed operations between two actions, on average. */
  readonly every: number;
  /** How many operations the run has, as far as anybody can tell beforehand; null: nobody can. */
  readonly expectedOps: number | null;
  readonly random: RandomSource;
}

/** Deals items at random, each once before any again. */
export class Deck<T> {
  readonly #random: RandomSource;
  readonly #items: readonly T[];
  #left: T[] = [];

  constructor(random: RandomSource, items: readonly T[]) {
    this.#random = random;
    this.#items = items;
  }

  /** Throws a RangeError when there are no items at all. */
  next(): T {
    if (this.#left.length === 0) this.#left = randomShuffle(this.#random, this.#items);
    const next = this.#left.shift();
    if (next === undefined) throw new RangeError('nothing to deal');
    return next;
  }
}

/** A deck for the faults of each family. */
export class FaultDecks {
  readonly #decks: ReadonlyMap<string, Deck<OfferedFault>>;

  constructor({ families, random }: Pick<ScheduleOptions, 'families' | 'random'>) {
    this.#decks = new Map(families.map(({ name, faults }) => [name, new Deck(random, faults)]));
  }

  next(family: string): OfferedFault {
    const deck = this.#decks.get(family);
    if (deck === undefined) throw new RangeError(`there is no deck of ${family}`);
    return deck.next();
  }
}
