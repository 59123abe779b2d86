/**
 * Partition: a history is linearizable exactly when the history of each key is. [HK15]
 *
 * True because an operation touches one key only. Owns the split by key and the way back: many
 * verdicts become one, in which a violation is never hidden by an unknown.
 */
import { type Columns, none, selectRows } from './columns.ts';
import type { Model } from './model.ts';
import type { InvalidVerdict, UnknownVerdict, ValidVerdict, Verdict } from './verdict.ts';

/** A part of a history that is linearizable or not by itself. */
export interface KeyHistory {
  /** null when the history has no keys. */
  readonly key: string | null;
  readonly columns: Columns;
  readonly failed: Columns;
}

/** Splits by key, in the order in which the keys first appear. */
export function partitionByKey(columns: Columns, failed: Columns): KeyHistory[] {
  const rowsByKey = groupRows(columns.key, columns.count);
  const failedByKey = groupRows(failed.key, failed.count);
  const parts: KeyHistory[] = [];
  for (const [key, rows] of rowsByKey) {
    const isWhole = rows.length === columns.count;
    parts.push({
      key: nameOf(columns, key),
      columns: isWhole ? columns : selectRows(columns, rows),
      failed: selectRows(failed, failedByKey.get(key) ?? []),
    });
  }
  return parts;
}

/**
 * Splits the history of a key further, where the model knows that its operations touch objects
 * that are independent of each other, such as the elements of a set.
 */
export function partitionByModel(part: KeyHistory, model: Model): KeyHistory[] {
  const numbers = model.parts?.(part.columns) ?? null;
  if (numbers === null) return [part];
  const groups = groupRows(numbers, part.columns.count);
  if (groups.size < 2) return [part];
  return [...groups.values()].map((rows) => ({
    key: part.key,
    columns: selectRows(part.columns, rows),
    failed: part.failed,
  }));
}

/** Rows by their number, each group ascending; groups in the order of their first row. */
function groupRows(numbers: Int32Array, count: number): Map<number, Int32Array> {
  const sizes = new Map<number, number>();
  for (let row = 0; row < count; row += 1) {
    const number = numbers[row] ?? none;
    sizes.set(number, (sizes.get(number) ?? 0) + 1);
  }
  const groups = new Map<number, Int32Array>();
  const filled = new Map<number, number>();
  for (const [number, size] of sizes) {
    groups.set(number, new Int32Array(size));
    filled.set(number, 0);
  }
  for (let row = 0; row < count; row += 1) {
    const number = numbers[row] ?? none;
    const at = filled.get(number) ?? 0;
    const group = groups.get(number);
    if (group !== undefined) group[at] = row;
    filled.set(number, at + 1);
  }
  return groups;
}

function nameOf(columns: Columns, key: number): string | null {
  return columns.tables.keys[key] ?? null;
}

/** One verdict out of those of disjoint sets of keys: invalid, then unknown, then valid. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  const operations = verdicts.reduce((sum, verdict) => sum + verdict.operations, 0);
  const invalid = verdicts.filter((verdict) => verdict.valid === false);
  if (invalid.length > 0) return mergeInvalid(invalid, operations);
  const unknown = verdicts.filter((verdict) => verdict.valid === 'unknown');
  const [first] = unknown;
  if (first !== undefined) return mergeUnknown(first, unknown, operations);
  const valid = verdicts.filter((verdict): verdict is ValidVerdict => verdict.valid === true);
  return {
    valid: true,
    operations,
    linearizations: valid.flatMap((verdict) => verdict.linearizations),
  };
}

function mergeInvalid(invalid: readonly InvalidVerdict[], operations: number): InvalidVerdict {
  const best = invalid.reduce((a, b) => (isSimpler(b, a) ? b : a));
  const others = invalid.filter((verdict) => verdict !== best).flatMap((verdict) => verdict.keys);
  return { valid: false, operations, witness: best.witness, keys: [...best.keys, ...others] };
}

/** A confirmed witness before an unconfirmed one, then the shorter one. */
function isSimpler(a: InvalidVerdict, b: InvalidVerdict): boolean {
  const unconfirmed =
    Number(a.witness.confirmedBy === null) - Number(b.witness.confirmedBy === null);
  if (unconfirmed !== 0) return unconfirmed < 0;
  return a.witness.operations.length < b.witness.operations.length;
}

/** The first one speaks for all; how many keys each of them left open is added up. */
function mergeUnknown(
  first: UnknownVerdict,
  unknown: readonly UnknownVerdict[],
  operations: number,
): UnknownVerdict {
  const keys = [...new Set(unknown.flatMap((verdict) => verdict.keys))];
  return { ...first, operations, keys };
}
