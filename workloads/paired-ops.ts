/**
 * The clients' operations of a history, each with its end: for checkers that count.
 *
 * The checker of linearizability has a pairing of its own, which drops what failed; here a failed
 * operation matters as much as any other.
 */
import type { Op } from '../checker/history.ts';

export interface PairedOp {
  readonly invoked: Op;
  /** null when the history ends before it. */
  readonly completed: Op | null;
}

/** By their completions; those that never ended come last. */
export function* pairOps(ops: Iterable<Op>): Iterable<PairedOp> {
  const open = new Map<number, Op>();
  for (const op of ops) {
    if (op.process === 'nemesis') continue;
    const invoked = open.get(op.process);
    if (op.type === 'invoke') {
      open.set(op.process, op);
    } else if (invoked !== undefined) {
      open.delete(op.process);
      yield { invoked, completed: op };
    }
  }
  for (const invoked of open.values()) yield { invoked, completed: null };
}

/** How the attempts to put one element in came out. */
export interface Attempts {
  /** The first of them. */
  readonly invoked: Op;
  acknowledged: number;
  /** Index of the last answer that said so; -1 when none did. */
  acknowledgedAt: number;
  unknown: number;
  failed: number;
}

export function countAttempt(
  elements: Map<string, Attempts>,
  element: string,
  { invoked, completed }: PairedOp,
): void {
  const attempts = elements.get(element) ?? newAttempts(invoked);
  elements.set(element, attempts);
  if (completed?.type === 'ok') {
    attempts.acknowledged++;
    attempts.acknowledgedAt = completed.index;
  } else if (completed?.type === 'fail') attempts.failed++;
  else attempts.unknown++;
}

function newAttempts(invoked: Op): Attempts {
  return { invoked, acknowledged: 0, acknowledgedAt: -1, unknown: 0, failed: 0 };
}

/** Whose attempt it was and how it came out, in words. */
export function describeAttempts({ invoked, acknowledged, unknown }: Attempts): string {
  const { f, process, node, index } = invoked;
  const outcome = acknowledged > 0 ? 'acknowledged' : unknown > 0 ? 'of unknown outcome' : 'failed';
  const where = node === undefined ? '' : ` on ${node}`;
  return `process ${process}'s ${f}${where} (op ${index}), ${outcome},`;
}

/** `1 time`, `2 times`. */
export function times(count: number): string {
  return many(count, 'time');
}

/** `1 element`, `2 elements`. */
export function many(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

/** `key 0`, `keys 0, 1`. */
export function describeKeys(keys: readonly { readonly key: string }[]): string {
  return `${keys.length === 1 ? 'key' : 'keys'} ${keys.map(({ key }) => key).join(', ')}`;
}
