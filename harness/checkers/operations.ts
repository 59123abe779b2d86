/**
 * The operations of a history, paired on the way: what a checker that counts them needs.
 *
 * One pass, and no more memory than operations that are under way. What an end means for those who
 * count is here too, so that all of them count alike.
 */
import type { Op } from '../../checker/history.ts';

export interface CountedOperation {
  readonly invoked: Op;
  /** Its last line; null when the history ends before it. */
  readonly completed: Op | null;
}

/**
 * - `ok`: it happened.
 * - `answered`: it was carried out and came to nothing, such as a lock that somebody holds.
 * - `redirected`: the node named another one, and the client did not go there.
 * - `failed`: it was refused, or never reached the node.
 * - `unknown`: nobody knows.
 */
export type Outcome = 'ok' | 'answered' | 'redirected' | 'failed' | 'unknown';

/** A `fail` with one of these codes is an answer of the object: the system has served. */
const answers: ReadonlySet<string> = new Set(['held', 'free', 'not-held', 'contended']);

/** With these a node says that another one is to be asked. */
const redirects: ReadonlySet<string> = new Set(['MOVED']);

/** In the order of the completions; at the end those that have none. */
export function* operationsOf(ops: Iterable<Op>): Generator<CountedOperation> {
  const open = new Map<number, Op>();
  for (const op of ops) {
    if (op.process === 'nemesis') continue;
    if (op.type === 'invoke') {
      open.set(op.process, op);
      continue;
    }
    const invoked = open.get(op.process);
    if (invoked === undefined) continue;
    open.delete(op.process);
    yield { invoked, completed: op };
  }
  for (const invoked of open.values()) yield { invoked, completed: null };
}

export function outcomeOf(completed: Op | null): Outcome {
  if (completed === null || completed.type === 'info') return 'unknown';
  if (completed.type === 'ok') return 'ok';
  const code = completed.error?.code ?? '';
  if (answers.has(code)) return 'answered';
  return redirects.has(code) ? 'redirected' : 'failed';
}
