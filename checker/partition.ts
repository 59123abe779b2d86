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

/** A key, and how much there is on it; its columns are made when somebody asks for them. */
export interface KeyRows {
  readonly key: string | null;
  readonly operations: number;
  select(): KeyHistory;
}

/** Splits by key, in the order in which the keys first appear; of those named, or of all. */
export function partitionByKey(
  columns: Columns,
  failed: Columns,
  only?: readonly (string | null)[],
): KeyRows[] {
  const wanted = only === undefined ? null : new Set(only);
  const failedByKey = new Map(
    groupRows(failed.key, failed.count).map(({ number, rows }) => [number, rows]),
  );
  return groupRows(columns.key, columns.count).flatMap(({ number, rows }): KeyRows[] => {
    const key = columns.tables.keys[number] ?? null;
    if (wanted !== null && !wanted.has(key)) return [];
    const isWhole = rows.length === columns.count;
    const select = (): KeyHistory => ({
      key,
      columns: isWhole ? columns : selectRows(columns, rows),
      failed: selectRows(failed, failedByKey.get(number) ?? []),
    });
    return [{ key, operations: rows.length, select }];
  });
}

/**
 * The rows of a key's history divided further, where the model knows that its operations touch
 * objects that are independent of each other, such as the elements of a set; null when not.
 * Rows, because there may be as many parts as operations, and columns for each cost far more.
 */
export function partitionByModel(part: KeyHistory, model: Model): Int32Array[] | null {
  const numbers = model.parts?.(part.columns) ?? null;
  if (numbers === null) return null;
  const groups = groupRows(numbers, part.columns.count);
  return groups.length < 2 ? null : groups.map(({ rows }) => rows);
}

/** Some rows of a key's history, which are linearizable or not by themselves. */
export function selectPart(part: KeyHistory, rows: Int32Array): KeyHistory {
  return { ...part, columns: selectRows(part.columns, rows) };
}

interface RowGroup {
  readonly number: number;
  /** Ascending. */
  readonly rows: Int32Array;
}

/** Rows by their number; groups in the order of their first row. */
function groupRows(numbers: Int32Array, count: number): RowGroup[] {
  const groupOf = new Map<number, number>();
  const groupOfRow = new Int32Array(count);
  const sizes: number[] = [];
  const first: number[] = [];
  let last = none;
  let group = none;
  for (let row = 0; row < count; row += 1) {
    const number = numbers[row] ?? none;
    if (row === 0 || number !== last) {
      last = number;
      group = groupOf.get(number) ?? none;
      if (group === none) {
        group = sizes.length;
        groupOf.set(number, group);
        sizes.push(0);
        first.push(number);
      }
    }
    groupOfRow[row] = group;
    sizes[group] = (sizes[group] ?? 0) + 1;
  }
  const ends = new Int32Array(sizes.length);
  let end = 0;
  sizes.forEach((size, at) => {
    ends[at] = end;
    end += size;
  });
  // One array for all rows: a million groups would be a million buffers.
  const sorted = new Int32Array(count);
  for (let row = 0; row < count; row += 1) {
    const at = groupOfRow[row] ?? 0;
    sorted[ends[at] ?? 0] = row;
    ends[at] = (ends[at] ?? 0) + 1;
  }
  return first.map((number, at) => {
    const to = ends[at] ?? 0;
    return { number, rows: sorted.subarray(to - (sizes[at] ?? 0), to) };
  });
}

/** One verdict out of those of disjoint sets of keys: invalid, then unknown, then valid. */
export function mergeVerdicts(verdicts: readonly Verdict[]): Verdict {
  const operations = verdicts.reduce((sum, verdict) => sum + verdict.operations, 0);
  const invalid = verdicts.filter((verdict) => verdict.valid === false);
  const unknown = verdicts.filter((verdict) => verdict.valid === 'unknown');
  const valid = verdicts.filter((verdict): verdict is ValidVerdict => verdict.valid === true);
  if (invalid.length > 0) return mergeInvalid(invalid, unknown, operations);
  const [first] = unknown;
  if (first !== undefined) return { ...mergeUnknown(first, unknown, valid), operations };
  return {
    valid: true,
    operations,
    linearizations: valid.flatMap((verdict) => verdict.linearizations),
  };
}

function mergeInvalid(
  invalid: readonly InvalidVerdict[],
  unknown: readonly UnknownVerdict[],
  operations: number,
): InvalidVerdict {
  const best = invalid.reduce((a, b) => (isSimpler(b, a) ? b : a));
  const keys = new Set([best, ...invalid].flatMap((verdict) => verdict.keys));
  const open = [...invalid.flatMap((verdict) => verdict.undecided ?? []), ...keysOf(unknown)];
  const undecided = [...new Set(open)].filter((key) => !keys.has(key));
  return {
    valid: false,
    operations,
    witness: best.witness,
    keys: [...keys],
    ...(undecided.length === 0 ? {} : { undecided }),
  };
}

/** A confirmed witness before an unconfirmed one, then the shorter one. */
function isSimpler(a: InvalidVerdict, b: InvalidVerdict): boolean {
  const unconfirmed =
    Number(a.witness.confirmedBy === null) - Number(b.witness.confirmedBy === null);
  if (unconfirmed !== 0) return unconfirmed < 0;
  return a.witness.operations.length < b.witness.operations.length;
}

/** The first one speaks for all; their keys are gathered, and what is known of others counted. */
function mergeUnknown(
  first: UnknownVerdict,
  unknown: readonly UnknownVerdict[],
  valid: readonly ValidVerdict[],
): UnknownVerdict {
  const keys = new Set(keysOf(unknown));
  const found = valid.flatMap((verdict) => verdict.linearizations.map(({ key }) => key));
  const before = unknown.reduce((sum, verdict) => sum + (verdict.decidedKeys ?? 0), 0);
  // A part of a key decides nothing while another part of it is open.
  const decided = before + [...new Set(found)].filter((key) => !keys.has(key)).length;
  return { ...first, keys: [...keys], ...(decided === 0 ? {} : { decidedKeys: decided }) };
}

function keysOf(unknown: readonly UnknownVerdict[]): (string | null)[] {
  return unknown.flatMap((verdict) => verdict.keys);
}
