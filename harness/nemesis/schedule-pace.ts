/**
 * How many completed operations lie between two actions of a schedule.
 *
 * A number around a mean, so that faults do not always meet the same moment of the workload.
 */
import { type RandomSource, randomInteger } from '../run/random.ts';
import type { ScheduleOptions } from './offered-faults.ts';

/** Fewer operations than that, and a fault is over before it has met anything. */
const meanMin = 20;

/** Counts down to the next action. */
export class Pace {
  readonly #random: RandomSource;
  #remaining = 0;

  constructor(random: RandomSource, mean: number) {
    this.#random = random;
    this.restart(mean);
  }

  /** Draws anew: between half and one and a half of the mean. */
  restart(mean: number): void {
    this.#remaining = Math.max(1, Math.ceil(mean / 2) + randomInteger(this.#random, mean));
  }

  /** An operation has completed. True when it is time; then the pace wants to be restarted. */
  completed(): boolean {
    this.#remaining--;
    return this.#remaining <= 0;
  }
}

/** A mean with which so many actions take a quarter of the run at most; never above `every`. */
export function meanFor(
  actionCount: number,
  { every, expectedOps }: Pick<ScheduleOptions, 'every' | 'expectedOps'>,
): number {
  if (expectedOps === null) return every;
  const fitting = Math.floor(expectedOps / 4 / Math.max(1, actionCount));
  return Math.min(every, Math.max(meanMin, fitting));
}
