/**
 * Several faults at once, as many as there can be: one of each family begins while the others last;
 * when there is room for no more, or every client is blocked, all of them end, one by one.
 */
import type { UninjectedFault } from '../checker.ts';
import { randomShuffle } from '../run/random.ts';
import { FaultDecks, type ScheduleOptions } from './offered-faults.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import { meanFor, Pace } from './schedule-pace.ts';

export class OverlappingSchedule implements Schedule {
  readonly wantsLooks = false;
  readonly isOver = false;
  readonly #options: ScheduleOptions;
  readonly #names: readonly string[];
  readonly #decks: FaultDecks;
  readonly #pace: Pace;
  readonly #mean: number;
  /** Those that have not begun in this wave; the last that could not come first in the next. */
  #waiting: string[];
  #crowdedOut: string[] = [];
  readonly #begun = new Set<string>();
  readonly #active: ScheduledAction[] = [];
  #isFalling = false;
  #nextId = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { families, random } = options;
    this.#names = families.map(({ name }) => name);
    this.#decks = new FaultDecks(options);
    this.#waiting = randomShuffle(random, this.#names);
    this.#mean = Math.max(1, Math.ceil(meanFor(2 * this.#names.length, options) / 2));
    this.#pace = new Pace(random, this.#mean);
  }

  get unreached(): readonly UninjectedFault[] {
    const reason = 'its turn did not come';
    return this.#names
      .filter((family) => !this.#begun.has(family))
      .map((family) => ({ family, variant: null, outcome: 'not-reached', reason }));
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#names.length === 0) return [];
    switch (event.type) {
      case 'completed':
        return this.#pace.completed() ? this.#act('progress') : [];
      case 'stalled':
        this.#isFalling = this.#active.length > 0;
        return this.#act('stalled');
      case 'begun':
        if (!event.inForce) this.#giveUp(event.id);
        return [];
      case 'healed':
        this.#active.length = 0;
        return [];
      default:
        return [];
    }
  }

  /** It is over, or there was no room for it beside the others. */
  #giveUp(id: number): void {
    const at = this.#active.findIndex((action) => action.id === id);
    const [action] = at < 0 ? [] : this.#active.splice(at, 1);
    const family = this.#options.families.find(({ name }) => name === action?.family);
    if (family !== undefined && !family.isMomentary) this.#crowdedOut.push(family.name);
  }

  #act(trigger: string): readonly ScheduledAction[] {
    this.#pace.restart(this.#mean);
    if (this.#active.length === 0 && (this.#isFalling || this.#waiting.length === 0)) {
      this.#beginWave();
    }
    if (this.#waiting.length === 0) this.#isFalling = true;
    return this.#isFalling ? this.#end(trigger) : this.#begin(trigger);
  }

  /** Those that there was no room for come first. */
  #beginWave(): void {
    const first = new Set([...this.#crowdedOut, ...this.#waiting]);
    const others = this.#names.filter((name) => !first.has(name));
    this.#waiting = [...first, ...randomShuffle(this.#options.random, others)];
    this.#crowdedOut = [];
    this.#isFalling = false;
  }

  #begin(trigger: string): readonly ScheduledAction[] {
    const family = this.#waiting.shift();
    if (family === undefined) return [];
    this.#begun.add(family);
    const { variant, parameters } = this.#decks.next(family);
    const id = this.#nextId++;
    const action: ScheduledAction = { id, phase: 'begin', family, variant, parameters, trigger };
    this.#active.push(action);
    return [action];
  }

  #end(trigger: string): readonly ScheduledAction[] {
    const [action] = randomShuffle(this.#options.random, this.#active);
    if (action === undefined) return [];
    this.#active.splice(this.#active.indexOf(action), 1);
    return [{ ...action, phase: 'end', trigger }];
  }
}
