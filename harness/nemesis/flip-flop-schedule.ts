/**
 * Begin, end, begin, end, as fast as progress allows: many short faults of one family, then many of
 * the next. What takes a system long to notice or to recover from meets its next fault meanwhile.
 */
import type { UninjectedFault } from '../checker.ts';
import { randomShuffle } from '../run/random.ts';
import { FaultDecks, type ScheduleOptions } from './offered-faults.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import { Pace } from './schedule-pace.ts';

/** Operations between a begin and an end, on average. */
const flipMean = 8;
/** Faults of a family until it is the next one's turn, at most. */
const flipCountMax = 10;

export class FlipFlopSchedule implements Schedule {
  readonly wantsLooks = false;
  readonly isOver = false;
  readonly #options: ScheduleOptions;
  readonly #decks: FaultDecks;
  readonly #pace: Pace;
  readonly #order: readonly string[];
  readonly #flipCount: number;
  #turn = 0;
  #flips = 0;
  #active: ScheduledAction | null = null;
  #nextId = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { families, random } = options;
    const names = families.map(({ name }) => name);
    this.#order = randomShuffle(random, names);
    this.#decks = new FaultDecks(options);
    this.#pace = new Pace(random, flipMean);
    // Each family has its turn within half of the run.
    const perFlip = 2 * flipMean * Math.max(1, names.length);
    const fitting = Math.floor((options.expectedOps ?? Infinity) / 2 / perFlip);
    this.#flipCount = Math.min(flipCountMax, Math.max(2, fitting));
  }

  get unreached(): readonly UninjectedFault[] {
    const reason = 'its turn did not come';
    const reached = this.#turn + (this.#flips > 0 ? 1 : 0);
    return this.#order
      .slice(reached)
      .map((family) => ({ family, variant: null, outcome: 'not-reached', reason }));
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#order.length === 0) return [];
    switch (event.type) {
      case 'completed':
        return this.#pace.completed() ? [this.#act('progress')] : [];
      case 'stalled':
        return [this.#act('stalled')];
      case 'begun':
        if (!event.inForce && this.#active?.id === event.id) this.#active = null;
        return [];
      case 'healed':
        this.#active = null;
        return [];
      default:
        return [];
    }
  }

  #act(trigger: string): ScheduledAction {
    this.#pace.restart(Math.min(flipMean, this.#options.every));
    if (this.#active !== null) {
      const begun = this.#active;
      this.#active = null;
      return { ...begun, phase: 'end', trigger };
    }
    if (this.#flips === this.#flipCount) {
      this.#turn++;
      this.#flips = 0;
    }
    this.#flips++;
    const family = this.#order[this.#turn % this.#order.length] ?? '';
    const { variant, parameters } = this.#decks.next(family);
    const shared = { id: this.#nextId++, family, variant, parameters, trigger };
    this.#active = { phase: 'begin', ...shared };
    return this.#active;
  }
}
