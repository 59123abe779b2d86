/**
 * Faults at random: after so many completed operations one begins or ends, whichever the seed says.
 *
 * Each family has its turn before any has another, alone and early enough for a short run; then
 * faults of different families may overlap.
 */
import type { UninjectedFault } from '../checker.ts';
import { randomItem, randomShuffle } from '../run/random.ts';
import { FaultDecks, type ScheduleOptions } from './offered-faults.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import { meanFor, Pace } from './schedule-pace.ts';

/** How often the first turn of a family is tried, when it can do nothing yet. */
const triesMax = 3;

export class RandomSchedule implements Schedule {
  readonly wantsLooks = false;
  readonly isOver = false;
  readonly #options: ScheduleOptions;
  readonly #names: readonly string[];
  readonly #decks: FaultDecks;
  readonly #pace: Pace;
  /** By family, what is in force. */
  readonly #active = new Map<string, ScheduledAction>();
  /** Every family gets its turn before chance decides. */
  readonly #opening: string[];
  readonly #tries = new Map<string, number>();
  readonly #hadTurn = new Set<string>();
  #nextId = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    const { families, random } = options;
    this.#names = families.map(({ name }) => name);
    this.#opening = randomShuffle(random, this.#names);
    this.#decks = new FaultDecks(options);
    this.#pace = new Pace(random, this.#mean());
  }

  get unreached(): readonly UninjectedFault[] {
    const reason = 'its turn did not come';
    return this.#opening
      .filter((family) => !this.#tries.has(family))
      .map((family) => ({ family, variant: null, outcome: 'not-reached', reason }));
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#names.length === 0) return [];
    switch (event.type) {
      case 'completed':
        return this.#pace.completed() ? [this.#act('progress')] : [];
      case 'stalled':
        return [this.#act('stalled')];
      case 'begun':
        this.#begun(event.id, event.inForce);
        return [];
      case 'healed':
        this.#active.clear();
        return [];
      default:
        return [];
    }
  }

  /** The first turns take a quarter of the run: a begin and an end of each. */
  #mean(): number {
    const { every } = this.#options;
    return this.#opening.length > 0 ? meanFor(2 * this.#names.length, this.#options) : every;
  }

  /** What could not be has its first turn again, after those of the others. */
  #begun(id: number, inForce: boolean): void {
    const action = [...this.#active.values()].find((each) => each.id === id);
    if (action === undefined) return;
    const { family } = action;
    if (!inForce) this.#active.delete(family);
    if (inForce || this.#isMomentary(family)) this.#hadTurn.add(family);
    const tries = this.#tries.get(family) ?? 0;
    if (!this.#hadTurn.has(family) && tries < triesMax) this.#opening.push(family);
  }

  #isMomentary(family: string): boolean {
    return this.#options.families.some(({ name, isMomentary }) => name === family && isMomentary);
  }

  #act(trigger: 'progress' | 'stalled'): ScheduledAction {
    const action = this.#wantsEnd(trigger) ? this.#end(trigger) : this.#begin(trigger);
    this.#pace.restart(this.#mean());
    return action;
  }

  #wantsEnd(trigger: 'progress' | 'stalled'): boolean {
    if (this.#active.size === 0) return false;
    if (trigger === 'stalled' || this.#opening.length > 0) return true;
    return this.#active.size === this.#names.length || this.#options.random() < 0.6;
  }

  #end(trigger: string): ScheduledAction {
    const begun = randomItem(this.#options.random, [...this.#active.values()]);
    this.#active.delete(begun.family);
    return { ...begun, phase: 'end', trigger };
  }

  #begin(trigger: string): ScheduledAction {
    const { random } = this.#options;
    const idle = this.#names.filter((name) => !this.#active.has(name));
    const first = this.#opening.shift();
    if (first !== undefined) this.#tries.set(first, (this.#tries.get(first) ?? 0) + 1);
    const family = first ?? randomItem(random, idle);
    const { variant, parameters } = this.#decks.next(family);
    const id = this.#nextId++;
    const action: ScheduledAction = { id, phase: 'begin', family, variant, parameters, trigger };
    this.#active.set(family, action);
    return action;
  }
}
