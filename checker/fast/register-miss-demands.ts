/**
 * Which misses must be decided, and what else must be decided with them.
 *
 * Demands that get in each other's way are a group. A group is decided as a whole, with every
 * combination tried, so that one that fails with nothing decided before it proves a violation.
 */
import { neverReturned } from '../columns.ts';
import { type Choice, choicesFor, type Demand, type Stretch } from './register-miss-choices.ts';
import type { MissSetup } from './register-miss-setup.ts';
import type { Mark, MissState } from './register-miss-state.ts';

/** Not a mutator: it is asked at which point the miss stood, for its value was written twice. */
export const point = -2;

export interface Group {
  readonly demands: readonly Demand[];
  /** Whether it was already decided before all others. */
  readonly wasFirst: boolean;
}

interface Frame {
  readonly demand: Demand;
  readonly choices: Iterator<Choice>;
  readonly mark: Mark;
}

export class MissDecisions {
  readonly state: MissState;
  readonly #setup: MissSetup;
  readonly #decided = new Set<number>();
  /** By row: the moment at which the miss stands, 0 when none was chosen. */
  readonly #points: Int32Array;
  readonly #start: Mark;

  constructor(state: MissState) {
    this.state = state;
    this.#setup = state.setup;
    this.#points = new Int32Array(state.setup.columns.count);
    this.#start = state.mark();
  }

  isDecided(demand: Demand): boolean {
    return this.#decided.has(this.keyOf(demand));
  }

  keyOf({ miss, mutator }: Demand): number {
    return miss * (this.#setup.columns.count + 2) + mutator + 2;
  }

  /** Whether the value that the miss expected may have been there more than once. */
  isRepeated(miss: number): boolean {
    const { columns, observations } = this.#setup;
    const value = columns.sees[miss] ?? 0;
    return (observations.writerCount[value] ?? 0) + (value === 0 ? 1 : 0) > 1;
  }

  restart(): void {
    this.state.undo(this.#start);
    this.#decided.clear();
  }

  /**
   * Decides all of a group, depth first; false when no combination is left, and the state is as
   * it was before. Yields after each choice that it tried.
   */
  *solve({ demands }: Group): Generator<number, boolean> {
    const stack: Frame[] = [];
    let isStuck = false;
    for (;;) {
      if (!isStuck) {
        const demand = demands.find((one) => this.#isOpen(one));
        if (demand === undefined) return true;
        this.#decided.add(this.keyOf(demand));
        stack.push({ demand, choices: this.#choices(demand), mark: this.state.mark() });
      }
      const frame = stack[stack.length - 1];
      if (frame === undefined) return false;
      this.state.undo(frame.mark);
      const next = frame.choices.next();
      if (next.done === true) {
        this.#decided.delete(this.keyOf(frame.demand));
        stack.pop();
        isStuck = true;
        continue;
      }
      yield 1;
      isStuck = !next.value(this.state);
    }
  }

  #isOpen(demand: Demand): boolean {
    if (this.isDecided(demand)) return false;
    if (demand.mutator === point) return true;
    // An open operation that does not happen leaves no value.
    if (!this.state.isPart(demand.mutator)) return false;
    return !this.isRepeated(demand.miss) || this.#points[demand.miss] !== 0;
  }

  #choices(demand: Demand): Iterator<Choice> {
    if (demand.mutator === point) return this.#pointsOf(demand.miss);
    return choicesFor(this.state, demand, this.#stretchOf(demand.miss));
  }

  #stretchOf(miss: number): Stretch {
    const { call, return: returned } = this.#setup.columns;
    const at = this.#points[miss] ?? 0;
    if (at > 0) return { low: at, high: at - 1 };
    return { low: call[miss] ?? 0, high: returned[miss] ?? neverReturned };
  }

  *#pointsOf(miss: number): Generator<Choice> {
    const { call, return: returned } = this.#setup.columns;
    const end = returned[miss] ?? 0;
    for (let at = call[miss] ?? 0; at < end; at += 2) {
      yield ({ zones }) => {
        zones.set(this.#points, miss, at + 1);
        return true;
      };
    }
  }
}

/** Whether the windows of two groups of misses overlap. */
export function doOverlap(setup: MissSetup, one: Group, other: Group): boolean {
  const [low, high] = windowOf(setup, one);
  const [otherLow, otherHigh] = windowOf(setup, other);
  return low <= otherHigh && otherLow <= high;
}

/** From the first invocation of its misses to the last return. */
function windowOf(
  { columns }: MissSetup,
  { demands }: Group,
): readonly [low: number, high: number] {
  let low: number = neverReturned;
  let high = 0;
  for (const { miss } of demands) {
    low = Math.min(low, columns.call[miss] ?? 0);
    high = Math.max(high, columns.return[miss] ?? 0);
  }
  return [low, high];
}
