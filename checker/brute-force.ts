/**
 * The naive check: tries every order, remembers nothing, and is short enough to be believed.
 *
 * It confirms the few operations of an invalid verdict, and it is what the fast algorithms and
 * the search are tested against. Exponential: for at most about a dozen operations.
 */
import type { Operation } from './history.ts';
import type { Model } from './model.ts';

/** More than this and the general search confirms instead. */
export const bruteForceOperationsMax = 12;

export type BruteForceOutcome =
  | { readonly type: 'found'; readonly order: readonly number[] }
  | { readonly type: 'none' }
  /** It gave up after the number of attempts it was allowed. */
  | { readonly type: 'undecided' };

/** Looks for an order (ids) that satisfies the model. */
export function linearizeByBruteForce(
  operations: readonly Operation[],
  model: Model,
  attemptsMax: number = Number.POSITIVE_INFINITY,
): BruteForceOutcome {
  const attempt: Attempt = { model, order: [], attemptsLeft: attemptsMax };
  if (extend(operations, model.init, attempt)) return { type: 'found', order: attempt.order };
  return { type: attempt.attemptsLeft < 0 ? 'undecided' : 'none' };
}

interface Attempt {
  readonly model: Model;
  readonly order: number[];
  attemptsLeft: number;
}

/** Any operation may come next that no other one precedes in real time. [WG93] */
function extend(rest: readonly Operation[], state: unknown, attempt: Attempt): boolean {
  // What is left and open may never have happened.
  if (rest.every((operation) => operation.return === null)) return true;
  for (const candidate of rest) {
    if (rest.some((other) => other.return !== null && other.return < candidate.call)) continue;
    const next = attempt.model.step(state, candidate);
    if (next === undefined) continue;
    attempt.attemptsLeft -= 1;
    if (attempt.attemptsLeft < 0) return false;
    attempt.order.push(candidate.id);
    const others = rest.filter((other) => other !== candidate);
    if (extend(others, next, attempt)) return true;
    attempt.order.pop();
  }
  return false;
}
