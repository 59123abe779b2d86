/** Short words for operations of any model in tests. */
import type { Operation } from '../history.ts';
import type { Span } from './operations.ts';

/** What `history` makes an operation of. */
export type Draft = Pick<Operation, 'f' | 'value' | 'output' | 'call' | 'return'>;

/** An operation with its argument and its answer; without a return it is open and has no answer. */
export function did(
  f: string,
  [value, output]: readonly [value: unknown, output?: unknown],
  [call, returned]: Span,
): Draft {
  const answer = returned === undefined ? undefined : (output ?? null);
  return { f, value, output: answer, call, return: returned ?? null };
}
