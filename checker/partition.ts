/**
 * Partition: a history is linearizable exactly when the history of each key is. [HK15]
 *
 * True because an operation touches one key only. Owns the split by key and the way back: many
 * verdicts become one, in which a violation is never hidden by an unknown.
 */
import type { Operation } from './history.ts';
import type { InvalidVerdict, UnknownVerdict, ValidVerdict, Verdict } from './verdict.ts';

/** The part of a history that touches one key; null when the history has no keys. */
export interface KeyHistory {
  readonly key: string | null;
  readonly operations: Operation[];
  readonly failed: Operation[];
}

/** Splits by key, in the order in which the keys first appear. */
export function partitionByKey(
  operations: readonly Operation[],
  failed: readonly Operation[],
): KeyHistory[] {
  const parts = new Map<string | null, KeyHistory>();
  const partOf = (key: string | null): KeyHistory => {
    const known = parts.get(key);
    if (known !== undefined) return known;
    const part: KeyHistory = { key, operations: [], failed: [] };
    parts.set(key, part);
    return part;
  };
  for (const operation of operations) partOf(operation.key).operations.push(operation);
  for (const operation of failed) partOf(operation.key).failed.push(operation);
  return [...parts.values()];
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
