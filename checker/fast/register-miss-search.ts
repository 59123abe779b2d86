/**
 * Where the misses of a register stood, when their earliest places in the first order do not do.
 *
 * Orders the chains, places the misses, decides those without a place, and begins again; few are
 * ever decided. What was decided too early is decided again, together with what it stood in the
 * way of. Takes as long as it takes: it yields its steps and honours the limits.
 */
import type { SearchLimits } from '../model.ts';
import type { UnknownReason } from '../verdict.ts';
import type { Demand } from './register-miss-choices.ts';
import { doOverlap, type Group, MissDecisions, point } from './register-miss-demands.ts';
import {
  emitGaps,
  layOutGaps,
  type MissPlacing,
  type StuckMiss,
  sweepMisses,
} from './register-miss-order.ts';
import { type MissSetup, valueAfter } from './register-miss-setup.ts';
import { MissState } from './register-miss-state.ts';

export type MissOutcome =
  | { readonly type: 'placed'; readonly order: Uint32Array }
  /** These misses have no place together, and the mutators that they are about. */
  | { readonly type: 'impossible'; readonly demands: readonly Demand[] }
  | { readonly type: 'stopped'; readonly reason: UnknownReason; readonly position: number }
  | { readonly type: 'undecided'; readonly reason: string };

const notPlaced: MissOutcome = {
  type: 'undecided',
  reason: 'a cas that missed found no place',
};
const stepsPerSlice = 200;
const bytesPerOperation = 200;
/**
 * Where values were written twice, or hardly anything happened, the general search does better
 * than so many steps of this one.
 */
const stepsBeforeGeneralSearch = 3000;
const fewOperations = 200;

export function* searchMisses(
  setup: MissSetup,
  limits: SearchLimits,
): Generator<number, MissOutcome> {
  if (setup.columns.count * bytesPerOperation > limits.bytesMax) {
    return { type: 'stopped', reason: 'memory', position: 0 };
  }
  return yield* new MissSearch(setup, limits).run();
}

class MissSearch {
  readonly #setup: MissSetup;
  readonly #limits: SearchLimits;
  readonly #decisions: MissDecisions;
  /** In the order in which they are decided. */
  #groups: Group[] = [];
  #solved = 0;
  /** The open operations that a group's decisions rest on. */
  readonly #helpersOf = new WeakMap<Group, readonly number[]>();
  #steps = 0;
  #outcome: MissOutcome | null = null;

  constructor(setup: MissSetup, limits: SearchLimits) {
    this.#setup = setup;
    this.#limits = limits;
    this.#decisions = new MissDecisions(new MissState(setup));
  }

  *run(): Generator<number, MissOutcome> {
    for (;;) {
      const placing = yield* this.#place();
      if (placing === null) return this.#outcome ?? notPlaced;
      if (placing.stuck.length === 0) {
        return { type: 'placed', order: emitGaps(this.#setup, placing.gaps) };
      }
      const demands = this.#findDemands(placing);
      if (demands.length === 0) {
        return notPlaced;
      }
      this.#addGroups(demands);
      yield* this.#decide();
      this.#checkLimits(placing.stuck[0]);
      if (this.#outcome !== null) return this.#outcome;
    }
  }

  /** null when a limit ended it. */
  *#place(): Generator<number, MissPlacing | null> {
    const { state } = this.#decisions;
    const sweep = sweepMisses(this.#setup, layOutGaps(this.#setup, state.order(), state));
    for (;;) {
      const next = sweep.next();
      if (next.done === true) return next.value;
      yield next.value;
      this.#checkLimits(undefined);
      if (this.#outcome !== null) return null;
    }
  }

  /**
   * A demand that was vacuous when its group was decided, because an open operation had not
   * happened then, is no longer: its group is decided again, after all others.
   */
  #addGroups(demands: readonly Demand[]): void {
    const added = this.#groupByMiss(demands);
    const misses = new Set(demands.map(({ miss }) => miss));
    const isTouched = (group: Group): boolean => group.demands.some(({ miss }) => misses.has(miss));
    const touched = this.#groups.filter(isTouched);
    if (touched.length === 0) {
      this.#groups.push(...added);
      return;
    }
    const rest = this.#groups.filter((group) => !isTouched(group));
    const merged = touched.map((group) => this.#enlarge(group, demands));
    const old = new Set(touched.flatMap((group) => group.demands.map(({ miss }) => miss)));
    const isNew = (group: Group): boolean => !group.demands.some(({ miss }) => old.has(miss));
    this.#groups = [...rest, ...merged, ...added.filter(isNew)];
    this.#solved = 0;
    this.#decisions.restart();
  }

  #enlarge(group: Group, demands: readonly Demand[]): Group {
    const misses = new Set(group.demands.map(({ miss }) => miss));
    const known = new Set(group.demands.map((demand) => this.#decisions.keyOf(demand)));
    const more = demands.filter(
      (demand) => misses.has(demand.miss) && !known.has(this.#decisions.keyOf(demand)),
    );
    return { ...group, demands: [...group.demands, ...more] };
  }

  /** What is asked of one miss belongs together. */
  #groupByMiss(demands: readonly Demand[]): Group[] {
    const byMiss = new Map<number, Demand[]>();
    for (const demand of demands) {
      const others = byMiss.get(demand.miss);
      if (others === undefined) byMiss.set(demand.miss, [demand]);
      else others.push(demand);
    }
    return [...byMiss.values()].map((group) => ({ demands: group, wasFirst: false }));
  }

  *#decide(): Generator<number, void> {
    while (this.#solved < this.#groups.length) {
      const group = this.#groups[this.#solved];
      if (group === undefined) return;
      const { state } = this.#decisions;
      const before = state.mark();
      const isSolved = yield* this.#solve(group);
      if (this.#outcome !== null) return;
      if (isSolved) {
        this.#solved += 1;
        this.#helpersOf.set(group, state.usedSince(before));
      } else this.#regroup(group);
      if (this.#outcome !== null) return;
    }
  }

  *#solve(group: Group): Generator<number, boolean> {
    const work = this.#decisions.solve(group);
    let slice = 0;
    for (;;) {
      const next = work.next();
      if (next.done === true) return next.value;
      this.#steps += next.value;
      slice += 1;
      if (slice % stepsPerSlice !== 0) continue;
      yield stepsPerSlice;
      this.#checkLimits(undefined);
      if (this.#outcome !== null) return false;
    }
  }

  /** It failed after others: those in its way are decided with it, and before the rest. */
  #regroup(group: Group): void {
    const before = this.#groups.slice(0, this.#solved);
    if (before.length === 0) {
      // A value that was there twice is asked for at one of many points; not all are told apart.
      this.#outcome = !isPointed(group)
        ? { type: 'impossible', demands: group.demands }
        : { type: 'undecided', reason: 'a cas that missed expected a value written twice' };
      return;
    }
    const about = new Set(group.demands.map(({ mutator }) => mutator));
    let inTheWay = before.filter(
      (other) =>
        doOverlap(this.#setup, group, other) ||
        this.#helpersOf.get(other)?.some((row) => about.has(row)) === true,
    );
    if (inTheWay.length === 0 && group.wasFirst) inTheWay = before;
    const demands = [...group.demands, ...inTheWay.flatMap((other) => other.demands)];
    const rest = this.#groups.filter((other) => other !== group && !inTheWay.includes(other));
    this.#groups = [{ demands, wasFirst: true }, ...rest];
    this.#solved = 0;
    this.#decisions.restart();
  }

  #findDemands(placing: MissPlacing): Demand[] {
    const found = new Map<number, Demand>();
    for (const stuck of placing.stuck) {
      for (const demand of this.#demandsOf(stuck, placing)) {
        found.set(this.#decisions.keyOf(demand), demand);
      }
    }
    return [...found.values()];
  }

  /** What is not decided yet of a stuck miss; else of the one that pushed it there, and so on. */
  #demandsOf({ row, low, high, pushedBy }: StuckMiss, placing: MissPlacing): Demand[] {
    const own = this.#undecided(row, placing, { low, high });
    if (own.length > 0) return own;
    const { gapOf } = placing.gaps;
    for (let miss = pushedBy; miss >= 0; miss = placing.pushedBy[miss] ?? -1) {
      const gap = gapOf[miss] ?? 0;
      let from = gap;
      const expected = this.#setup.columns.sees[miss];
      while (from > 0 && this.#valueIn(placing, from - 1) === expected) from -= 1;
      const others = this.#undecided(miss, placing, { low: from, high: gap - 1 });
      if (others.length > 0) return others;
    }
    return [];
  }

  #undecided(
    miss: number,
    { gaps }: MissPlacing,
    { low, high }: { readonly low: number; readonly high: number },
  ): Demand[] {
    const demands: Demand[] = [];
    for (let gap = low; gap <= high; gap += 1) {
      const mutator = gaps.mutators[gap] ?? -1;
      const demand = { miss, mutator };
      if (!this.#decisions.isDecided(demand)) demands.push(demand);
    }
    if (demands.length === 0 || !this.#decisions.isRepeated(miss)) return demands;
    const where = { miss, mutator: point };
    return this.#decisions.isDecided(where) ? demands : [where, ...demands];
  }

  #valueIn({ gaps }: MissPlacing, gap: number): number {
    return valueAfter(this.#setup.columns, gaps.mutators[gap] ?? -1);
  }

  #checkLimits(stuck: StuckMiss | undefined): void {
    if (this.#outcome !== null) return;
    const reason =
      this.#limits.shouldStop() ?? (this.#steps > this.#limits.stepsMax ? 'steps' : null);
    const group = this.#groups[this.#solved];
    if (reason === null) {
      const isSmall = this.#setup.columns.count <= fewOperations;
      if (this.#steps <= stepsBeforeGeneralSearch || !(isSmall || isPointed(group))) return;
      this.#outcome = { type: 'undecided', reason: 'there are too many places for what missed' };
      return;
    }
    const miss = stuck?.row ?? (group === undefined ? undefined : group.demands[0]?.miss);
    const position = miss === undefined ? 0 : (this.#setup.columns.call[miss] ?? 0) / 2;
    this.#outcome = { type: 'stopped', reason, position };
  }
}

/** Whether the point at which a miss stood is asked for. */
function isPointed(group: Group | undefined): boolean {
  return group?.demands.some(({ mutator }) => mutator === point) === true;
}
