/**
 * The schedule of faults: when the next one begins or ends, and which.
 *
 * Triggered by the history's progress, never by a clock: after k more operations have completed in
 * any way, or at once when every client is blocked, so that a healing never waits for operations
 * that cannot come. All choices come from the seed.
 */
import { type RandomSource, randomInteger, randomItem, randomShuffle } from '../run/random.ts';

export const faultFamilies = ['partition', 'kill'] as const;
export type FaultFamily = (typeof faultFamilies)[number];

/** What to do now. */
export interface ScheduledAction {
  readonly family: FaultFamily;
  readonly phase: 'begin' | 'end';
  readonly trigger: 'progress' | 'stalled';
}

export interface ScheduleOptions {
  readonly families: readonly FaultFamily[];
  /** Completed operations between two actions, on average. */
  readonly every: number;
  readonly random: RandomSource;
}

export class FaultSchedule {
  readonly #options: ScheduleOptions;
  readonly #active = new Set<FaultFamily>();
  /** Every family gets its turn before chance decides. */
  #opening: FaultFamily[];
  #remaining: number;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#opening = randomShuffle(options.random, options.families);
    this.#remaining = this.#draw();
  }

  /** How many more completions until the next action; for the report when it never comes. */
  get remaining(): number {
    return this.#remaining;
  }

  /** Families that no fault has begun of yet. */
  get notReached(): readonly FaultFamily[] {
    return this.#opening;
  }

  /** An operation has completed, in any way. */
  completed(): ScheduledAction | null {
    if (this.#options.families.length === 0) return null;
    this.#remaining--;
    return this.#remaining > 0 ? null : this.#fire('progress');
  }

  /** Every client is blocked: the next action comes now, and a healing before a fault. */
  stalled(): ScheduledAction | null {
    return this.#options.families.length === 0 ? null : this.#fire('stalled');
  }

  #fire(trigger: ScheduledAction['trigger']): ScheduledAction {
    this.#remaining = this.#draw();
    const { families, random } = this.#options;
    const idle = families.filter((family) => !this.#active.has(family));
    const endNow =
      this.#active.size > 0 &&
      (trigger === 'stalled' || idle.length === 0 || this.#opening.length > 0 || random() < 0.6);
    if (endNow) {
      const family = randomItem(random, [...this.#active]);
      this.#active.delete(family);
      return { family, phase: 'end', trigger };
    }
    const family = this.#opening.shift() ?? randomItem(random, idle);
    this.#active.add(family);
    return { family, phase: 'begin', trigger };
  }

  /** Between half and one and a half of `every`. */
  #draw(): number {
    const { every, random } = this.#options;
    return Math.max(1, Math.ceil(every / 2) + randomInteger(random, every));
  }
}

/**
 * Notices that every client is blocked: since an operation was last answered, each thread has had
 * one that was not. Says so once until an answer comes.
 */
export class StallDetector {
  readonly #threadCount: number;
  readonly #blocked = new Set<number>();
  #told = false;

  constructor(threadCount: number) {
    this.#threadCount = threadCount;
  }

  /** Returns true when this completion makes the stall complete. */
  completed(thread: number, answered: boolean): boolean {
    if (answered) {
      this.#blocked.clear();
      this.#told = false;
      return false;
    }
    this.#blocked.add(thread);
    if (this.#told || this.#blocked.size < this.#threadCount) return false;
    this.#told = true;
    return true;
  }
}
