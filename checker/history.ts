/**
 * The history: the one record of a run, version 1, and the operations paired out of it.
 *
 * A history is a sequence of ops; its order is its position, never a timestamp. This file owns the
 * shapes. It reads no file: lines become ops in harness/check.
 */

/** The format's name and version, as the first line of history.jsonl states them. */
export const historyFormat = 'rafture-history';
export const historyVersion = 1;

/**
 * `invoke` opens an operation; `ok` says that it happened, `fail` that it definitely did not,
 * `info` that nobody knows. [Jepsen]
 */
export type OpType = 'invoke' | 'ok' | 'fail' | 'info';

/** A line of history.jsonl. */
export interface Op {
  /** Position in the history, 0-based and dense. */
  readonly index: number;
  /** Nanoseconds since the start of the run. For plots only; it orders nothing. */
  readonly timeNs: number;
  /** The logical single-threaded client, retired after an `info`; or the nemesis. */
  readonly process: number | 'nemesis';
  /** The node that the client talked to last. */
  readonly node?: string;
  readonly type: OpType;
  readonly f: string;
  readonly key?: string;
  /** Argument at the invocation; argument or the value read at the completion. null is absent. */
  readonly value: unknown;
  /**
   * Of an invocation that was due earlier, when every client was busy: when it was due, in
   * nanoseconds since the start of the run. Latencies count from then.
   */
  readonly scheduledNs?: number;
  /** What else the answer told, such as `{ swapped, seen }` of a compare-and-set. */
  readonly result?: unknown;
  /**
   * Why an operation is `fail` or `info`: a stable code, then words. Of an `ok` it is a mark that
   * only a checker of the workload understands.
   */
  readonly error?: OpError;
}

export interface OpError {
  readonly code: string;
  readonly message?: string;
}

/** The result of a compare-and-set that was answered; `seen` when the system told it. */
export interface CasResult {
  readonly swapped: boolean;
  readonly seen?: unknown;
}

/** An operation paired out of its two lines. Failed ones are no longer here. */
export interface Operation {
  /** Index of the invocation line: the operation's name everywhere. */
  readonly id: number;
  readonly process: number;
  readonly node?: string;
  readonly f: string;
  readonly key: string | null;
  /** The argument of the invocation. */
  readonly value: unknown;
  /** What was returned: the value read, or the result record; undefined when unknown. */
  readonly output: unknown;
  /** Position of the invocation. */
  readonly call: number;
  /** Position of the completion; null when the operation is open for ever (`info`). */
  readonly return: number | null;
  /** When the two lines were written, in nanoseconds since the start; for sentences and plots. */
  readonly callTimeNs?: number;
  readonly returnTimeNs?: number;
}
