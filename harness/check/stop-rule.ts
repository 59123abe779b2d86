/**
 * When a check must end: the reasons that come from outside of the search.
 *
 * The flag is shared memory, because a worker that searches hears no message.
 */
import type { UnknownReason } from '../../checker/verdict.ts';

export interface StopRule {
  /** Milliseconds since the epoch. */
  readonly deadlineMs: number;
  /** One 32-bit word; 1 ends the check, and 2 does when its steps are used up. */
  readonly flag: Int32Array;
}

export function createStopRule(timeLimitMs: number): StopRule {
  return { deadlineMs: Date.now() + timeLimitMs, flag: new Int32Array(new SharedArrayBuffer(4)) };
}

export function stopNow({ flag }: StopRule): void {
  Atomics.store(flag, 0, 1);
}

/** The check has taken as many steps as it may. */
export function stopForSteps({ flag }: StopRule): void {
  Atomics.compareExchange(flag, 0, 0, 2);
}

/** null to go on. */
export function reasonToStop({ deadlineMs, flag }: StopRule): UnknownReason | null {
  const word = Atomics.load(flag, 0);
  if (word !== 0) return word === 1 ? 'interrupted' : 'steps';
  return Date.now() >= deadlineMs ? 'time' : null;
}
