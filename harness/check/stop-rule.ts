/**
 * When a check must end: the reasons that come from outside of the search.
 *
 * The flag is shared memory, because a worker that searches hears no message.
 */
import type { UnknownReason } from '../../checker/verdict.ts';

export interface StopRule {
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** One 32-bit word; 1 ends the check. */
  readonly flag: Int32Array;
}

export function createStopRule(timeLimitMs: number): StopRule {
  return { deadlineMs: Date.now() + timeLimitMs, flag: new Int32Array(new SharedArrayBuffer(4)) };
}

export function stopNow({ flag }: StopRule): void {
  Atomics.store(flag, 0, 1);
}

/** null to go on. */
export function reasonToStop({ deadlineMs, flag }: StopRule): UnknownReason | null {
  if (Atomics.load(flag, 0) === 1) return 'interrupted';
  return Date.now() >= deadlineMs ? 'time' : null;
}
