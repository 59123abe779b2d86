/**
 * The verdict: what the checker found, and how much of the history that covers.
 *
 * Three answers and never two: a search that was stopped is `unknown`, with the reason, the key
 * and the position, and no caller may read it as a pass.
 */
import type { Operation } from './history.ts';

/** Linearizable: an order of operations that separate code has replayed against the model. */
export interface ValidVerdict {
  readonly valid: true;
  readonly operations: number;
  /** Ids in the order of their linearization points, per key (null: the whole history). */
  readonly linearizations: readonly { readonly key: string | null; readonly order: Uint32Array }[];
}

/** Not linearizable: the operations that cannot be ordered, and why. */
export interface InvalidVerdict {
  readonly valid: false;
  readonly operations: number;
  readonly witness: Witness;
  /** Keys whose sub-history is not linearizable, the witness's first. */
  readonly keys: readonly (string | null)[];
  /** Keys that nobody decided, because one violation decides the history; not there when none. */
  readonly undecided?: readonly (string | null)[];
}

export interface UnknownVerdict {
  readonly valid: 'unknown';
  readonly operations: number;
  readonly reason: UnknownReason;
  /** The key whose check was stopped first. */
  readonly key: string | null;
  /** All keys that stay undecided, that one first. */
  readonly keys: readonly (string | null)[];
  /** How many keys were found to be linearizable; not there when none. */
  readonly decidedKeys?: number;
  /** Position in the history up to which that key was decided. */
  readonly position: number;
  /** A sentence: what happened, and what would help. */
  readonly message: string;
}

export type UnknownReason =
  | 'time'
  | 'memory'
  | 'steps'
  | 'interrupted'
  | 'crashed'
  /** Nothing completed, so nothing was checked. The checker itself calls that valid. */
  | 'vacuous';

export type Verdict = ValidVerdict | InvalidVerdict | UnknownVerdict;

/** A few operations of one key that no order satisfies. */
export interface Witness {
  readonly key: string | null;
  /** A class of the field's: `stale-read`, `lost-write`, `unwritten-value`, … */
  readonly kind: string;
  /** One or two sentences with the facts. */
  readonly sentence: string;
  /** Sorted by invocation. */
  readonly operations: readonly Operation[];
  /** The longest order found before it got stuck: ids of `operations`, first to last. */
  readonly longestOrder: readonly number[];
  /** The state in words: in the beginning, and after each operation of that order. */
  readonly states: readonly string[];
  /** What that order leaves, and why none of it can come next; the first to return comes first. */
  readonly remaining: readonly Obstacle[];
  /** Ids of those of which only the invocation matters: their return could be anywhere. */
  readonly openEnded: readonly number[];
  /** Whether separate code confirmed that these operations alone cannot be ordered, and how. */
  readonly confirmedBy: 'brute-force' | 'search' | null;
}

/** An operation that cannot come next. */
export interface Obstacle {
  readonly id: number;
  /** In words, such as `it returned 1, but the value is 2`. */
  readonly why: string;
}
