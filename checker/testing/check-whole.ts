/**
 * The checker run to its end at once, for tests; on records, which are easier to write down.
 */
import { type Columns, columnsOf } from '../columns.ts';
import type { Operation } from '../history.ts';
import { type CheckerOptions, createChecker } from '../linearizable.ts';
import type { Model } from '../model.ts';
import { Search, type SearchOutcome } from '../search/search.ts';
import type { Verdict } from '../verdict.ts';

type Limits = Omit<CheckerOptions, 'columns' | 'failed'>;

export interface Records {
  readonly operations: readonly Operation[];
  readonly failed?: readonly Operation[];
}

/** Both as columns over one table of values. */
export function columnsOfRecords({ operations, failed }: Records): {
  readonly columns: Columns;
  readonly failed: Columns;
} {
  const columns = columnsOf(operations);
  return { columns, failed: columnsOf(failed ?? [], columns.tables.values) };
}

export function checkWhole(options: Limits & Records): Verdict {
  const { operations, failed, ...limits } = options;
  const records = failed === undefined ? { operations } : { operations, failed };
  const checker = createChecker({ ...limits, ...columnsOfRecords(records) });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

/** The general search alone, without any limit. */
export function searchWhole({ operations, model }: Records & { model: Model }): SearchOutcome {
  const search = new Search(columnsOf(operations), model, {
    stepsMax: Number.POSITIVE_INFINITY,
    bytesMax: Number.POSITIVE_INFINITY,
    shouldStop: () => null,
  });
  for (;;) {
    const outcome = search.run(1_000_000);
    if (outcome !== null) return outcome;
  }
}
