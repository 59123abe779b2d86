/**
 * An operation and a state in a few words, as pictures and tables of a violation show them.
 *
 * It knows registers best; of any other it shows the function, the argument and the answer.
 */
import { describeValue } from './describe-operation.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';

/** `write 41`, `read 41`, `cas 40 → 42`, `cas 40 → 42, saw 41`, `dequeue "a"`. */
export function labelOf(operation: Operation): string {
  const { f, value, output } = operation;
  const pair = casPairOf(operation);
  if (pair !== null) {
    const change = `${f} ${describeValue(pair[0])} → ${describeValue(pair[1])}`;
    const missed = isRecord(output) && output['swapped'] === false;
    return missed ? `${change}, ${refusalOf(output)}` : change;
  }
  const isAsked = value !== null && value !== undefined;
  if (!isAsked) return `${f} ${operation.return === null ? '?' : describeValue(output)}`;
  const isPlain = f === 'write' || operation.return === null || (output ?? null) === null;
  const isEcho = describeValue(output) === describeValue(value);
  const what = `${f} ${describeValue(value)}`;
  return isPlain || isEcho ? what : `${what}: ${describeValue(output)}`;
}

/** What came back: `returned 41`, `acknowledged`, `swapped`, `not swapped, saw 41`, `no answer`. */
export function outcomeOf(operation: Operation): string {
  const { f, output } = operation;
  if (operation.return === null) return 'no answer: may have happened';
  if (f === 'read' || f === 'get' || f === 'dequeue') return `returned ${describeValue(output)}`;
  if (casPairOf(operation) !== null && isRecord(output)) {
    if (output['swapped'] === true) return 'swapped';
    return 'seen' in output ? `not swapped, ${refusalOf(output)}` : 'not swapped';
  }
  return output === undefined || output === null || f === 'write'
    ? 'acknowledged'
    : `returned ${describeValue(output)}`;
}

/** Both values of a compare-and-set; null for anything else. */
export function casPairOf({ f, value }: Operation): readonly unknown[] | null {
  return f === 'cas' && Array.isArray(value) && value.length === 2 ? value : null;
}

/** `the value is 2` of what holds one value, else `the state is: held`. */
export function stateSentence(state: string, model: Model): string {
  return model.touches === undefined ? `the state is: ${state}` : `the value is ${state}`;
}

/** Why a compare-and-set did not swap, as far as the system told. */
function refusalOf(output: Readonly<Record<string, unknown>>): string {
  return 'seen' in output ? `saw ${describeValue(output['seen'])}` : 'not swapped';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
