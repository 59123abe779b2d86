/**
 * The client: one connection of one process to the system under test.
 *
 * It turns an invocation into a completion and judges nothing: what it cannot know is `info`.
 */
import type { OpError, OpType } from '../checker/history.ts';

/** What a process asks for. */
export interface Invocation {
  readonly process: number;
  readonly f: string;
  readonly key?: string;
  readonly value: unknown;
}

/** What came of it. `fail` only where the operation definitely did not happen. */
export interface Completion {
  readonly type: Exclude<OpType, 'invoke'>;
  readonly value: unknown;
  readonly result?: unknown;
  readonly error?: OpError;
  /** The node that gave the answer, when the client went on to another one. */
  readonly node?: string;
}

export interface Client {
  /** Connects to a node. A failure to connect is not thrown: `invoke` reports it as `fail`. */
  open(node: string): Promise<void>;
  /** Resolves by the deadline, and never throws for what the system did. */
  invoke(invocation: Invocation, deadlineMs: number): Promise<Completion>;
  close(): void;
}
