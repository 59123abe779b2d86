/**
 * The model: the sequential object that the system promises to be, as a pure step function.
 *
 * Everything that judges a history goes through it: the general search, the replay of a valid
 * verdict, and the confirmation of an invalid one. The optional members only make that faster or
 * the explanation shorter; none may change an answer.
 */
import type { Operation } from './history.ts';

export interface Model<State = unknown> {
  readonly name: string;
  /** The names of the operations it knows, for messages. */
  readonly functions: readonly string[];
  readonly init: State;
  /** What is wrong with the shape of an operation, in words; null when nothing is. */
  check(operation: Operation): string | null;
  /**
   * The state after the operation; undefined when its answer cannot come from this state. An
   * operation that is open has no answer: its effect alone counts, and it is always possible.
   */
  step(state: State, operation: Operation): State | undefined;
  /** Two states are the same exactly when their keys are. */
  stateKey(state: State): string;
  /** True only for what changes no state at all, in whichever state it runs. */
  isObserver(operation: Operation): boolean;
  /** Which value it writes and which it saw; lets an explanation drop both sides of a value. */
  touches?(operation: Operation): Touches;
  /**
   * The same operations, in the same order, with those values made equal that no answer can tell
   * apart; the search then knows fewer states. [Lowe17]
   */
  canonical?(operations: readonly Operation[]): readonly Operation[];
  /** A near-linear algorithm; exact in what it decides. */
  fast?(input: FastInput): FastResult;
}

/** Keys of the values that an operation writes and sees; null for none. */
export interface Touches {
  readonly writes: string | null;
  readonly sees: string | null;
}

export interface FastInput {
  /** What to decide: the operations of one key, sorted by invocation. */
  readonly operations: readonly Operation[];
  /** Operations that definitely did not happen; they only name the class of a violation. */
  readonly failed: readonly Operation[];
  /** All operations of the key when `operations` is only a part of them. */
  readonly context?: readonly Operation[];
}

export type FastResult =
  | { readonly type: 'valid'; readonly order: Uint32Array }
  | { readonly type: 'invalid'; readonly finding: Finding }
  /** This algorithm cannot decide this history, for this reason; the general search can. */
  | { readonly type: 'undecided'; readonly reason: string };

/** Operations that cannot be ordered, and what to call it. */
export interface Finding {
  readonly kind: string;
  readonly sentence: string;
  readonly core: readonly Operation[];
}
