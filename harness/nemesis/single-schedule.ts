/**
 * One fault at a time: each variant of each family once, then all of them again.
 *
 * The families take turns. What could not be is tried once more, after all the others.
 */
import type { UninjectedFault } from '../checker.ts';
import { randomShuffle } from '../run/random.ts';
import type { OfferedFamily, OfferedFault, ScheduleOptions } from './offered-faults.ts';
import type { Schedule, ScheduledAction, ScheduleEvent } from './schedule.ts';
import { meanFor, Pace } from './schedule-pace.ts';

interface Turn extends OfferedFault {
  readonly family: OfferedFamily;
  readonly isRepeated: boolean;
}

export class SingleSchedule implements Schedule {
  readonly wantsLooks = false;
  readonly isOver = false;
  readonly #options: ScheduleOptions;
  readonly #pace: Pace;
  readonly #mean: number;
  #turns: Turn[];
  #round = 1;
  #active: { readonly action: ScheduledAction; readonly turn: Turn } | null = null;
  #nextId = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#turns = this.#shuffledTurns();
    this.#mean = meanFor(2 * this.#turns.length, options);
    this.#pace = new Pace(options.random, this.#mean);
  }

  /** Of the first round; what was tried already is told by whoever tried it. */
  get unreached(): readonly UninjectedFault[] {
    if (this.#round > 1) return [];
    const reason = 'its turn did not come';
    return this.#turns
      .filter(({ isRepeated }) => !isRepeated)
      .map(({ family, variant }) => {
        return { family: family.name, variant, outcome: 'not-reached', reason };
      });
  }

  take(event: ScheduleEvent): readonly ScheduledAction[] {
    if (this.#options.families.length === 0) return [];
    switch (event.type) {
      case 'completed':
        return this.#pace.completed() ? this.#act('progress') : [];
      case 'stalled':
        return this.#act('stalled');
      case 'begun':
        if (!event.inForce) this.#giveUp(event.id);
        return [];
      case 'healed':
        this.#active = null;
        return [];
      default:
        return [];
    }
  }

  /** It is over, or could not be. */
  #giveUp(id: number): void {
    if (this.#active?.action.id !== id) return;
    const { turn } = this.#active;
    this.#active = null;
    if (turn.family.isMomentary || turn.isRepeated) return;
    this.#turns.push({ ...turn, isRepeated: true });
  }

  #act(trigger: string): readonly ScheduledAction[] {
    this.#pace.restart(this.#mean);
    if (this.#active !== null) {
      const { action } = this.#active;
      this.#active = null;
      return [{ ...action, phase: 'end', trigger }];
    }
    if (this.#turns.length === 0) {
      this.#turns = this.#shuffledTurns();
      this.#round++;
    }
    const turn = this.#turns.shift();
    if (turn === undefined) return [];
    const { variant, parameters, family } = turn;
    const shared = { id: this.#nextId++, variant, parameters, trigger };
    const action: ScheduledAction = { phase: 'begin', family: family.name, ...shared };
    this.#active = { action, turn };
    return [action];
  }

  /** The first of each family, the second of each, and so on. */
  #shuffledTurns(): Turn[] {
    const { families, random } = this.#options;
    const hands = randomShuffle(random, families).map((family) =>
      randomShuffle(random, family.faults).map((fault) => ({
        ...{ ...fault, family, isRepeated: false },
      })),
    );
    const longest = Math.max(0, ...hands.map((hand) => hand.length));
    return Array.from({ length: longest }, (_, at) =>
      hands.flatMap((hand) => hand[at] ?? []),
    ).flat();
  }
}
