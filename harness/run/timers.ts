/**
 * Time for the harness, injected so that the same run loop runs on real and on virtual time.
 *
 * Used for rates, deadlines and plots. No fault is triggered by it.
 */

export interface HarnessTimers {
  /** Nanoseconds since the start of the run, monotonic. */
  nowNs(): number;
  /** Calls back once, later; the result cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}
