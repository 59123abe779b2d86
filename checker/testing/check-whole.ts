/**
 * The checker run to its end at once, for tests.
 */
import { type CheckerOptions, createChecker } from '../linearizable.ts';
import { Search, type SearchOutcome } from '../search/search.ts';
import type { Verdict } from '../verdict.ts';

export function checkWhole(options: CheckerOptions): Verdict {
  const checker = createChecker(options);
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

/** The general search alone, without any limit. */
export function searchWhole({ operations, model }: CheckerOptions): SearchOutcome {
  const search = new Search(operations, model, {
    stepsMax: Number.POSITIVE_INFINITY,
    bytesMax: Number.POSITIVE_INFINITY,
    shouldStop: () => null,
  });
  for (;;) {
    const outcome = search.run(1_000_000);
    if (outcome !== null) return outcome;
  }
}
