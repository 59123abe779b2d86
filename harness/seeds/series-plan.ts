/**
 * Which seeds of a series are still to be run, and which of those that were count.
 *
 * Where it ends with the k-th that has found something, that is the k-th in the order of seeds:
 * the same whatever the number of workers, and what came of later seeds is left out.
 */
import type { SeedRecord } from './seed-record.ts';
import { foundOf, groupFailures, type SeedGroup } from './seed-tally.ts';

export interface SeriesRange {
  readonly first: number;
  readonly count: number;
  /** Every so-manieth seed, from the part's on. */
  readonly shard: { readonly part: number; readonly parts: number };
  /** How many that have found something are enough; null: all seeds are run. */
  readonly untilFound: number | null;
}

export class SeriesPlan {
  readonly #range: SeriesRange;
  readonly #records = new Map<number, SeedRecord>();
  /** Seeds that have found something, in ascending order, no more than are asked for. */
  #found: readonly SeedRecord[] = [];
  #position: number;

  constructor(range: SeriesRange) {
    this.#range = range;
    this.#position = range.first + range.shard.part - 1;
  }

  /** Seeds of the range. */
  get size(): number {
    const { count, shard } = this.#range;
    return Math.max(0, Math.ceil((count - shard.part + 1) / shard.parts));
  }

  /** Seeds that have no record. */
  get left(): number {
    return this.size - this.#records.size;
  }

  /** The next that has no record; null when no more is wanted. */
  next(): number | null {
    const { shard } = this.#range;
    for (let seed = this.#position; this.isWanted(seed); seed += shard.parts) {
      this.#position = seed + shard.parts;
      if (!this.#records.has(seed)) return seed;
    }
    return null;
  }

  isWanted(seed: number): boolean {
    return this.#includes(seed) && seed <= this.#last();
  }

  /** One of another range counts for nothing. */
  add(record: SeedRecord): void {
    if (!this.#includes(record.seed)) return;
    this.#records.set(record.seed, record);
    const { untilFound } = this.#range;
    if (untilFound === null || record.oracles.length === 0) return;
    this.#found = foundOf([...this.#found, record]).slice(0, untilFound);
  }

  /** Those that count, by seed. */
  records(): readonly SeedRecord[] {
    const last = this.#last();
    return [...this.#records.values()]
      .filter(({ seed }) => seed <= last)
      .toSorted((one, other) => one.seed - other.seed);
  }

  groups(): readonly SeedGroup[] {
    return groupFailures(this.records());
  }

  /** The seed after which nothing is wanted. */
  #last(): number {
    const enough = this.#found.length === this.#range.untilFound;
    return (enough ? this.#found.at(-1)?.seed : undefined) ?? Number.POSITIVE_INFINITY;
  }

  #includes(seed: number): boolean {
    const { first, count, shard } = this.#range;
    const place = seed - first;
    return place >= 0 && place < count && place % shard.parts === shard.part - 1;
  }
}
