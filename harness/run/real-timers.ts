/**
 * Real time for the harness: the one place below harness/run that reads a clock.
 *
 * The simulated cluster brings timers of its own; everything else takes these.
 */
import type { HarnessTimers } from './timers.ts';

/** Monotonic time that starts now. */
export function createRealTimers(): HarnessTimers {
  const start = process.hrtime.bigint();
  return {
    nowNs: () => Number(process.hrtime.bigint() - start),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
