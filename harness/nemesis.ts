/**
 * The nemesis: it turns fault operations of the history into faults, and says what they did.
 *
 * Each fault is an interval: a begin and an end in the history, each with what was read back.
 */

/** A fault operation as it stands in the history, `process: "nemesis"`. */
export interface NemesisOp {
  readonly f: string;
  readonly value: unknown;
}

/** What came of it, for the history and for nemesis.jsonl. */
export interface NemesisOutcome {
  /** What was done, in the words that the history and the report show. */
  readonly value: unknown;
  /** Whether what was read back is what was asked for. */
  readonly tookEffect: boolean;
  /** What was read back: links cut, process states, packets dropped. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

export interface Nemesis {
  /** The fault operations that it takes. */
  readonly fs: readonly string[];
  setup(): Promise<void>;
  invoke(op: NemesisOp): Promise<NemesisOutcome>;
  /** Undoes whatever is still in force. */
  teardown(): Promise<void>;
}
