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

/** How far apart a return and a later invocation are in the history, and in time if it was kept. */
export function describeDistance(earlier: Operation, later: Operation): string {
  const entries = later.call - (earlier.return ?? earlier.call);
  const text = entries === 1 ? 'one entry of the history' : `${entries} entries of the history`;
  const from = earlier.return === null ? earlier.callTimeNs : earlier.returnTimeNs;
  if (from === undefined || later.callTimeNs === undefined) return text;
  // Clocks of a run go forward; a negative span would be no fact.
  const nanoseconds = later.callTimeNs - from;
  return nanoseconds < 0 ? text : `${text} (${describeSpan(nanoseconds)})`;
}

/** Such as `0.34 ms`, `3.4 ms`, `120 ms` or `2.5 s`. */
function describeSpan(nanoseconds: number): string {
  const milliseconds = nanoseconds / 1e6;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds >= 100) return `${Math.round(milliseconds)} ms`;
  if (milliseconds >= 1) return `${milliseconds.toFixed(1)} ms`;
  return `${milliseconds.toFixed(2)} ms`;
}
