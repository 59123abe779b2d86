/**
 * Real time for the harness: the one place below harness/run that reads a clock.
 *
 * The simulated cluster brings timers of its own; everything else takes these.
 */
import type { HarnessTimers } from './timers.ts';

// Kept from the beginning: under virtual time the names are trapped, and the console goes on.
const clockNs = process.hrtime.bigint;
const startTimer: typeof setTimeout = setTimeout;

/** Monotonic time that starts now. */
export function createRealTimers(): HarnessTimers {
  const start = clockNs();
  return {
    nowNs: () => Number(clockNs() - start),
    after: (delayMs, callback) => {
      const timer = startTimer(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}
