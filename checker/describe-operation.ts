/**
 * Words for operations, the same everywhere: process, node and op, as the history names them.
 */
import type { Operation } from './history.ts';

/** Such as `process 3's read on n2 (op 41)`. */
export function describeOperation(operation: Operation): string {
  const node = operation.node === undefined ? '' : ` on ${operation.node}`;
  return `process ${operation.process}'s ${operation.f}${node} (op ${operation.id})`;
}

/** Such as `process 1's write of 7 on n1 (op 40)`; a cas with both of its values. */
export function describeMutation(operation: Operation): string {
  const node = operation.node === undefined ? '' : ` on ${operation.node}`;
  const { value } = operation;
  const what =
    operation.f === 'cas' && Array.isArray(value)
      ? `from ${describeValue(value[0])} to ${describeValue(value[1])}`
      : `of ${describeValue(value)}`;
  return `process ${operation.process}'s ${operation.f} ${what}${node} (op ${operation.id})`;
}

/** The value as JSON, shortened; null is what an absent value is called. */
export function describeValue(value: unknown): string {
  const text = JSON.stringify(value ?? null) ?? 'null';
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** How far apart a return and a later invocation are in the history. */
export function describeDistance(earlier: Operation, later: Operation): string {
  const entries = later.call - (earlier.return ?? earlier.call);
  return entries === 1 ? 'one entry of the history' : `${entries} entries of the history`;
}
