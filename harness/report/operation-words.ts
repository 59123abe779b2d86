/**
 * An operation in a few words, as the lanes and the table of a violation show it.
 *
 * It knows the operations of registers; of any other it shows the function, argument and result.
 */
import type { Operation } from '../../checker/history.ts';
import { describeValue } from './figures.ts';

/** `write 7 = 41`, `read 7 = 41`, `cas 7: 40 → 42`, `cas 7: 40 → 42, saw 41`. */
export function labelOf(operation: Operation): string {
  const { f, key, value } = operation;
  const name = key === null ? f : `${f} ${key}`;
  if (f === 'write') return `${name} = ${describeValue(value)}`;
  if (f === 'read') return `${name} = ${isOpen(operation) ? '?' : describeValue(operation.output)}`;
  const pair = casPairOf(operation);
  if (pair !== null) {
    const change = `${name}: ${describeValue(pair[0])} → ${describeValue(pair[1])}`;
    return isRecord(operation.output) && operation.output['swapped'] === false
      ? `${change}, ${refusalOf(operation.output)}`
      : change;
  }
  return value === null || value === undefined ? name : `${name} ${describeValue(value)}`;
}

/** The argument alone, for a column of its own. */
export function argumentOf(operation: Operation): string {
  const pair = casPairOf(operation);
  if (pair !== null) return `${describeValue(pair[0])} → ${describeValue(pair[1])}`;
  return operation.f === 'read' ? '' : describeValue(operation.value);
}

/** What came back: `read 41`, `acknowledged`, `swapped`, `not swapped, saw 41`, `no answer`. */
export function outcomeOf(operation: Operation): string {
  const { f, output } = operation;
  if (isOpen(operation)) return 'no answer: may have happened';
  if (f === 'read') return `returned ${describeValue(output)}`;
  if (casPairOf(operation) !== null && isRecord(output)) {
    if (output['swapped'] === true) return 'swapped';
    return 'seen' in output ? `not swapped, ${refusalOf(output)}` : 'not swapped';
  }
  return output === undefined || output === null || f === 'write'
    ? 'acknowledged'
    : `returned ${describeValue(output)}`;
}

/** Whether nobody knows how it ended. */
export function isOpen(operation: Operation): boolean {
  return operation.return === null;
}

/** Why a compare-and-set did not swap, as far as the system told. */
function refusalOf(output: Readonly<Record<string, unknown>>): string {
  return 'seen' in output ? `saw ${describeValue(output['seen'])}` : 'not swapped';
}

function casPairOf({ f, value }: Operation): readonly unknown[] | null {
  return f === 'cas' && Array.isArray(value) && value.length === 2 ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
