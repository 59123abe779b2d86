/**
 * What an operation on a register comes to: one reading of its record, for all that needs one.
 *
 * The models and the fast algorithm decide apart from each other; only this parsing is shared.
 */
import type { CasResult, Operation } from '../history.ts';
import { valueKey } from '../value-key.ts';

export type RegisterEffect =
  | { readonly type: 'write'; readonly written: string }
  | { readonly type: 'read'; readonly seen: string }
  /** A compare-and-set that swapped; or an open one, which swaps where it can. */
  | { readonly type: 'cas'; readonly expected: string; readonly written: string }
  /** A compare-and-set that did not swap and did not tell what it found. */
  | { readonly type: 'miss'; readonly expected: string }
  /** An answer that contradicts itself: no state explains it. */
  | { readonly type: 'contradiction' }
  /** An observer whose answer is unknown. */
  | { readonly type: 'nothing' };

/** Reads a record that `describeBadRegisterOperation` has found nothing wrong with. */
export function registerEffect(operation: Operation): RegisterEffect {
  const open = operation.return === null;
  if (operation.f === 'read') {
    return open ? { type: 'nothing' } : { type: 'read', seen: valueKey(operation.output) };
  }
  if (operation.f === 'write') return { type: 'write', written: valueKey(operation.value) };
  const [expectedValue, newValue] = casArguments(operation.value) ?? [null, null];
  const expected = valueKey(expectedValue);
  const written = valueKey(newValue);
  if (open) return { type: 'cas', expected, written };
  const result = casResult(operation.output);
  const seen = result?.seen === undefined ? null : valueKey(result.seen);
  if (result?.swapped === true) {
    const possible = seen === null || seen === expected;
    return possible ? { type: 'cas', expected, written } : { type: 'contradiction' };
  }
  if (seen === null) return { type: 'miss', expected };
  return seen === expected ? { type: 'contradiction' } : { type: 'read', seen };
}

/** What is wrong with the record of a `read`, `write` or `cas`; null when nothing is. */
export function describeBadRegisterOperation(operation: Operation): string | null {
  if (operation.f !== 'cas') return null;
  if (casArguments(operation.value) === null) {
    return 'a cas takes [old, new] as its value';
  }
  if (operation.return === null || casResult(operation.output) !== null) return null;
  return 'an ok cas needs "result": {"swapped": true or false, "seen": what it found, if known}';
}

function casArguments(value: unknown): readonly [unknown, unknown] | null {
  return Array.isArray(value) && value.length === 2 ? [value[0], value[1]] : null;
}

/** The answer of a cas, whatever else stands in it; null when it is none. */
export function casResult(output: unknown): CasResult | null {
  if (typeof output !== 'object' || output === null || !('swapped' in output)) return null;
  if (typeof output.swapped !== 'boolean') return null;
  const seen = 'seen' in output ? output.seen : undefined;
  return seen === undefined ? { swapped: output.swapped } : { swapped: output.swapped, seen };
}
