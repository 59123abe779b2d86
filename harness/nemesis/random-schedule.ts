/**
 * Faults at random: after so many completed operations one begins or ends, whichever the seed says.
 *
 * Each family has its turn before any has another. Faults of different families may overlap.
 */
import type { UninjectedFault } from '../checker.ts';
import { type RandomSource, randomInteger, randomItem, randomShuffle } from '../run/random.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';

export interface RandomScheduleOptions {
  readonly families: readonly string[];
  /** Completed operations between two actions, on average. */
  readonly every: number;
  readonly random: RandomSource;
}

export class RandomSchedule implements Schedule {
  readonly wantsLooks = false;
  readonly #options: RandomScheduleOptions;
  /** By family, the id of what is in force. */
  readonly #active = new Map<string, number>();
  /** Every family gets its turn before chance decides. */
  #opening: string[];
  #remaining: number;
  #nextId = 0;

  constructor(options: RandomScheduleOptions) {
    this.#options = options;
    this.#opening = randomShuffle(options.random, options.families);
    this.#remaining = this.#draw();
  }

  get unreached(): readonly UninjectedFault[] {
    const reason = 'its turn did not come';
    return this.#opening.map((family) => ({
      ...{ family, variant: null, outcome: 'not-reached' as const, reason },
    }));
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#options.families.length === 0) return [];
    switch (event.type) {
      case 'completed':
        this.#remaining--;
        return this.#remaining > 0 ? [] : [this.#fire('progress')];
      case 'stalled':
        return [this.#fire('stalled')];
      case 'begun':
        if (!event.inForce) this.#forget(event.id);
        return [];
      default:
        return [];
    }
  }

  #forget(id: number): void {
    for (const [family, active] of this.#active) if (active === id) this.#active.delete(family);
  }

  #fire(trigger: 'progress' | 'stalled'): ScheduledAction {
    this.#remaining = this.#draw();
    const { families, random } = this.#options;
    const idle = families.filter((family) => !this.#active.has(family));
    const endNow =
      this.#active.size > 0 &&
      (trigger === 'stalled' || idle.length === 0 || this.#opening.length > 0 || random() < 0.6);
    const shared = { variant: null, parameters: {}, trigger };
    if (endNow) {
      const [family, id] = randomItem(random, [...this.#active]);
      this.#active.delete(family);
      return { id, phase: 'end', family, ...shared };
    }
    const family = this.#opening.shift() ?? randomItem(random, idle);
    const id = this.#nextId++;
    this.#active.set(family, id);
    return { id, phase: 'begin', family, ...shared };
  }

  /** Between half and one and a half of `every`. */
  #draw(): number {
    const { every, random } = this.#options;
    return Math.max(1, Math.ceil(every / 2) + randomInteger(random, every));
  }
}
