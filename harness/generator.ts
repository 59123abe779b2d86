/**
 * The generator: a pure value that says what to do next. [Jepsen]
 *
 * `op` gives an operation and the generator that goes on from there; `update` lets it learn from
 * what happened. No clock and no hidden randomness: both come with the context.
 */
import type { Op } from '../checker/history.ts';

/** What a generator may know when it is asked. */
export interface GeneratorContext {
  /** Nanoseconds since the start of the run. */
  readonly timeNs: number;
  /** Uniform in [0, 1); seeded. */
  random(): number;
  /** The process that would carry out the operation, and its thread. */
  readonly process: number;
  readonly thread: number;
}

/** An operation to invoke. */
export interface OpTemplate {
  readonly f: string;
  readonly key?: string;
  readonly value: unknown;
}

export type Next =
  | { readonly type: 'op'; readonly op: OpTemplate; readonly generator: Generator }
  /** Nothing now for this process; ask again at this time, or after the next completion. */
  | { readonly type: 'pending'; readonly untilNs: number | null; readonly generator: Generator }
  | { readonly type: 'done' };

export interface Generator {
  op(context: GeneratorContext): Next;
  update(event: Op): Generator;
}
