/**
 * The argument of an operation in a few words, for a column of the table of a violation.
 *
 * What it answered is told by checker/witness-words.ts, as in the picture.
 */
import type { Operation } from '../../checker/history.ts';
import { casPairOf } from '../../checker/witness-words.ts';
import { describeValue } from './figures.ts';

/** `41`, `40 → 42`; nothing for what takes no argument. */
export function argumentOf(operation: Operation): string {
  const pair = casPairOf(operation);
  if (pair !== null) return `${describeValue(pair[0])} → ${describeValue(pair[1])}`;
  const isAsked = operation.value !== null && operation.value !== undefined;
  return isAsked && operation.f !== 'read' ? describeValue(operation.value) : '';
}
