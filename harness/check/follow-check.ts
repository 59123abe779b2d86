/**
 * Checks a history that grows: again and again the keys that have new completions.
 *
 * A prefix of a linearizable history is linearizable when what is open at its end counts as open,
 * so the first violation of a prefix is one of the whole. Knows no file, no thread and no clock;
 * it never says that a history is valid: that takes a check of the whole.
 */
import { createChecker } from '../../checker/linearizable.ts';
import type { Model } from '../../checker/model.ts';
import type { HistoryBuilder } from '../../checker/pairing.ts';
import type { InvalidVerdict, UnknownReason } from '../../checker/verdict.ts';

export interface GrowingCheckOptions {
  /** Others add lines to it between the checks. */
  readonly builder: HistoryBuilder;
  readonly model: Model;
  /** Estimated bytes of one search. */
  readonly bytesMax: number;
  shouldStop?(): UnknownReason | null;
}

export interface GrowingProgress {
  /** Lines of the history so far, and operations that were invoked. */
  readonly lines: number;
  readonly operations: number;
  readonly keys: number;
  /** No completion before this entry is unchecked, but for the keys given up. */
  readonly checkedTo: number;
  /** Keys that are too hard to check on the way; the check of the whole decides them. */
  readonly hardKeys: number;
}

interface GrowingKey {
  /** Its number in the builder's table. */
  readonly number: number;
  readonly rows: number[];
  /** Completions, and lines of the history, when it was checked last. */
  completions: number;
  lines: number;
  isHard: boolean;
}

/**
 * A key is checked again when it has a tenth more completions: then all checks together cost
 * some ten times the last one, however long the history becomes.
 */
const growthShare = 0.1;
/** One that the search could not decide is given a second chance when it has doubled. */
const hardGrowthShare = 1;
const searchStepsMax = 300_000;
const stepsPerSlice = 10_000;

export class GrowingCheck {
  readonly #options: GrowingCheckOptions;
  readonly #keys = new Map<number, GrowingKey>();
  #rowsSeen = 0;

  constructor(options: GrowingCheckOptions) {
    this.#options = options;
  }

  get progress(): GrowingProgress {
    const { builder } = this.#options;
    const keys = [...this.#known()];
    const open = keys.filter((key) => !key.isHard && this.#grownBy(key) > 0);
    return {
      lines: builder.lines,
      operations: builder.rows,
      keys: keys.length,
      checkedTo: open.reduce((least, { lines }) => Math.min(least, lines), builder.lines),
      hardKeys: keys.filter(({ isHard }) => isHard).length,
    };
  }

  /** A violation of one key as the verdict of all that there is, with what nobody has decided. */
  verdictOf(found: InvalidVerdict): InvalidVerdict {
    const { builder } = this.#options;
    const undecided = [...this.#known()]
      .filter((key) => key.isHard || this.#grownBy(key) > 0)
      .map(({ number }) => builder.keys.names[number] ?? null)
      .filter((name) => !found.keys.includes(name));
    const operations = builder.rows;
    return { ...found, operations, ...(undecided.length === 0 ? {} : { undecided }) };
  }

  /** Every key that has grown enough. Yields between slices of work. */
  *checkGrown(): Generator<void, InvalidVerdict | null> {
    for (const key of this.#known()) {
      const share = key.isHard ? hardGrowthShare : growthShare;
      if (this.#grownBy(key) <= share * key.completions) continue;
      const verdict = yield* this.#check(key);
      if (verdict !== null) return verdict;
    }
    return null;
  }

  /** All that have grown at all: for when nothing else is to do. */
  *checkRest(): Generator<void, InvalidVerdict | null> {
    for (const key of this.#known()) {
      if (key.isHard || this.#grownBy(key) === 0) continue;
      const verdict = yield* this.#check(key);
      if (verdict !== null) return verdict;
    }
    return null;
  }

  #grownBy({ number, completions }: GrowingKey): number {
    return this.#options.builder.completionsOf(number) - completions;
  }

  /** The keys, each with all its rows. */
  #known(): Iterable<GrowingKey> {
    const { builder } = this.#options;
    for (; this.#rowsSeen < builder.rows; this.#rowsSeen += 1) {
      const number = builder.keyOf(this.#rowsSeen);
      const key = this.#keys.get(number);
      if (key !== undefined) key.rows.push(this.#rowsSeen);
      else this.#keys.set(number, newKey(number, this.#rowsSeen));
    }
    return this.#keys.values();
  }

  *#check(key: GrowingKey): Generator<void, InvalidVerdict | null> {
    const { builder, model, bytesMax, shouldStop } = this.#options;
    const { lines } = builder;
    const completions = builder.completionsOf(key.number);
    const checker = createChecker({
      ...builder.select(key.rows),
      model,
      bytesMax,
      searchStepsMax,
      ...(shouldStop === undefined ? {} : { shouldStop }),
    });
    let verdict = checker.step(stepsPerSlice);
    while (verdict === null) {
      yield;
      verdict = checker.step(stepsPerSlice);
    }
    if (verdict.valid === false) return verdict;
    key.completions = completions;
    key.isHard = verdict.valid === 'unknown';
    if (!key.isHard) key.lines = lines;
    yield;
    return null;
  }
}

function newKey(number: number, row: number): GrowingKey {
  return { number, rows: [row], completions: 0, lines: 0, isHard: false };
}
