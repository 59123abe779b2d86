/**
 * The general search: exact for every model, exponential in the worst case. [WG93] [Lowe17]
 *
 * Synchronous and resumable: `run` takes a budget of steps. It searches depth first, and where
 * that does not end soon, in turns with a search through time, and with one that asks whether
 * there would be an order if open operations could happen any number of times; the first that
 * knows decides.
 * Limits are looked at before memory is taken, and then every few hundred steps.
 */
import type { Columns } from '../columns.ts';
import type { Model, SearchLimits } from '../model.ts';
import type { UnknownReason } from '../verdict.ts';
import { BreadthSearch } from './breadth-search.ts';
import { DepthSearch } from './depth-search.ts';
import { EventList } from './event-list.ts';
import { Ground } from './ground.ts';
import { weaveOrder } from './weave-order.ts';

export type SearchOutcome =
  /** Rows in the order of their linearization points. */
  | { readonly type: 'found'; readonly order: Uint32Array }
  /**
   * No order exists; none gets past the return of row `stuckRow`. `longest` is an order of as
   * many operations as any tried; empty when there are more than 512.
   */
  | { readonly type: 'none'; readonly stuckRow: number; readonly longest: Uint32Array }
  | {
      readonly type: 'stopped';
      readonly reason: UnknownReason;
      /** The latest return that had to come next: some order keeps all before it. */
      readonly position: number;
      /** How many configurations it held in memory. */
      readonly configurations?: number;
    };

/** How the two searches share the work; tests try others. Every choice gives the same answer. */
export interface SearchSchedule {
  /** Steps of the depth-first search before the other one begins. */
  readonly depthStepsFirst: number;
  /** Then steps in turns; 0 leaves one of them out. */
  readonly depthStepsPerTurn: number;
  readonly breadthStepsPerTurn: number;
  /** Of the search that uses open operations again and again. */
  readonly reuseStepsPerTurn: number;
  /** States that it may be the first to reach: an object without bounds has no end of them. */
  readonly reuseStatesMax: number;
  /** After so many the depth-first search tries another order; doubled each time. */
  readonly depthStepsPerOrder: number;
}

function usualSchedule(rows: number): SearchSchedule {
  return {
    depthStepsFirst: 100_000 + 4 * rows,
    // A step through time is many times one of the other.
    depthStepsPerTurn: 8192,
    breadthStepsPerTurn: 256,
    reuseStepsPerTurn: 8192,
    reuseStatesMax: 4096,
    depthStepsPerOrder: 1_000_000 + 16 * rows,
  };
}

const stepsBetweenChecks = 256;
const longestOperationsMax = 512;
type Turn = 'depth' | 'breadth' | 'reuse';
const turns: readonly Turn[] = ['depth', 'breadth', 'reuse'];

export class Search {
  readonly #columns: Columns;
  readonly #limits: SearchLimits;
  readonly #schedule: SearchSchedule;
  readonly #build: () => Ground;
  #ground: Ground | null = null;
  #depth: DepthSearch | null = null;
  #breadth: BreadthSearch | null = null;
  #reuse: DepthSearch | null = null;
  #turn: Turn = 'depth';
  #turnEnd: number;
  /** Steps of the depth-first search after which it tries another order. */
  #restartAfter: number;
  #depthSteps = 0;
  #reuseStates = 0;
  /** Those that no longer have a turn. */
  readonly #givenUp = new Set<Turn>();
  #reached = -1;
  #steps = 0;
  #outcome: SearchOutcome | null = null;

  constructor(
    columns: Columns,
    model: Model,
    limits: SearchLimits & { readonly schedule?: SearchSchedule },
  ) {
    this.#columns = columns;
    this.#build = () => new Ground(columns, model);
    this.#limits = limits;
    this.#schedule = limits.schedule ?? usualSchedule(columns.count);
    this.#turnEnd = this.#schedule.depthStepsFirst;
    this.#restartAfter = this.#schedule.depthStepsPerOrder;
    for (const turn of turns) if (this.#stepsOf(turn) === 0) this.#givenUp.add(turn);
    if (this.#givenUp.has('depth')) this.#turnEnd = 0;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Estimated bytes of what it holds; before the first step, of what it will need to begin. */
  get byteLength(): number {
    return this.#estimateBytes();
  }

  /** Goes on for at most that many steps; null when it is not done. */
  run(stepsMax: number): SearchOutcome | null {
    for (let step = 0; step < stepsMax && this.#outcome === null; step += 1) {
      this.#checkLimits();
      if (this.#outcome !== null) break;
      this.#ground ??= this.#build();
      if (this.#steps >= this.#turnEnd) this.#changeTurn();
      this.#steps += 1;
      if (this.#turn === 'depth') this.#stepDepth(this.#ground);
      else if (this.#turn === 'breadth') this.#stepBreadth(this.#ground);
      else this.#stepReuse(this.#ground);
    }
    return this.#outcome;
  }

  #changeTurn(): void {
    let at = turns.indexOf(this.#turn);
    do at = (at + 1) % turns.length;
    while (this.#givenUp.has(turns[at] ?? 'depth'));
    this.#turn = turns[at] ?? 'depth';
    this.#turnEnd = this.#steps + this.#stepsOf(this.#turn);
  }

  #stepsOf(turn: Turn): number {
    const { depthStepsPerTurn, breadthStepsPerTurn, reuseStepsPerTurn } = this.#schedule;
    if (turn === 'depth') return depthStepsPerTurn;
    return turn === 'breadth' ? breadthStepsPerTurn : reuseStepsPerTurn;
  }

  #stepDepth(ground: Ground): void {
    this.#depth ??= new DepthSearch(ground);
    this.#depthSteps += 1;
    if (this.#depthSteps >= this.#restartAfter) {
      this.#noteReached(this.#depth.stuckRow);
      this.#depth.restart();
      this.#depthSteps = 0;
      this.#restartAfter *= 2;
    }
    const result = this.#depth.step();
    if (result === 'found') this.#outcome = { type: 'found', order: this.#depth.order };
    if (result !== 'none') return;
    const { stuckRow, longest } = this.#depth;
    this.#outcome = { type: 'none', stuckRow, longest };
  }

  #stepBreadth(ground: Ground): void {
    this.#breadth ??= new BreadthSearch(ground);
    const result = this.#breadth.step();
    if (result === null) return;
    const { stuckRow, backbone } = this.#breadth;
    const isShown = result === 'found' || this.#columns.count <= longestOperationsMax;
    const order = isShown ? weaveOrder(ground, backbone) : new Uint32Array(0);
    this.#outcome =
      result === 'found' ? { type: 'found', order } : { type: 'none', stuckRow, longest: order };
  }

  #stepReuse(ground: Ground): void {
    if (ground.pendings.classes.length === 0) {
      this.#giveUp('reuse');
      return;
    }
    if (this.#reuse === null) {
      const list = new EventList(this.#columns);
      this.#reuse = new DepthSearch(ground, { list, reusesOpen: true });
    }
    const statesBefore = ground.transitions.stateCount;
    const result = this.#reuse.step();
    this.#reuseStates += ground.transitions.stateCount - statesBefore;
    if (result === 'none') {
      const longest = this.#depth?.longest ?? new Uint32Array(0);
      this.#outcome = { type: 'none', stuckRow: this.#reuse.stuckRow, longest };
    } else if (result === 'found' || this.#reuseStates > this.#schedule.reuseStatesMax) {
      // An order that it found may use an open operation twice.
      this.#giveUp('reuse');
    }
  }

  #checkLimits(): void {
    const reason = this.#exceededLimit();
    if (reason === null) return;
    this.#noteReached(this.#depth?.stuckRow ?? -1);
    this.#noteReached(this.#breadth?.stuckRow ?? -1);
    const depth = this.#depth?.visitedCount ?? 0;
    const configurations = depth + (this.#breadth?.configurationCount ?? 0);
    this.#outcome = {
      type: 'stopped',
      reason,
      position: Math.max(0, this.#reached),
      configurations,
    };
  }

  #noteReached(row: number): void {
    if (row >= 0) this.#reached = Math.max(this.#reached, this.#columns.return[row] ?? 0);
  }

  #exceededLimit(): UnknownReason | null {
    if (this.#steps >= this.#limits.stepsMax) return 'steps';
    if (this.#steps % stepsBetweenChecks !== 0) return null;
    const reason = this.#limits.shouldStop();
    if (reason !== null) return reason;
    if (this.#estimateBytes() <= this.#limits.bytesMax) return null;
    if (this.#dropOne()) return null;
    return 'memory';
  }

  /** Several searches need the memory of several: the largest one ends first. */
  #dropOne(): boolean {
    const sizes = turns.map((turn) => ({ turn, bytes: this.#searchOf(turn)?.byteLength ?? 0 }));
    const held = sizes.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
    const [largest] = held;
    // The last one that can find an order stays.
    const canDecide = held.filter(({ turn }) => turn !== 'reuse').length;
    if (largest === undefined || held.length < 2) return false;
    if (largest.turn !== 'reuse' && canDecide < 2) this.#giveUp('reuse');
    else this.#giveUp(largest.turn);
    return this.#estimateBytes() <= this.#limits.bytesMax;
  }

  #giveUp(turn: Turn): void {
    this.#noteReached(turn === 'reuse' ? -1 : (this.#searchOf(turn)?.stuckRow ?? -1));
    if (turn === 'depth') this.#depth = null;
    else if (turn === 'breadth') this.#breadth = null;
    else this.#reuse = null;
    this.#givenUp.add(turn);
    if (this.#turn === turn) this.#turnEnd = this.#steps;
  }

  #searchOf(turn: Turn): DepthSearch | BreadthSearch | null {
    if (turn === 'depth') return this.#depth;
    return turn === 'breadth' ? this.#breadth : this.#reuse;
  }

  #estimateBytes(): number {
    if (this.#ground === null) return Ground.bytesToBuild(this.#columns.count);
    const reuse =
      this.#reuse === null
        ? 0
        : EventList.bytesFor(this.#columns.count).held + this.#reuse.byteLength;
    const exact = (this.#depth?.byteLength ?? 0) + (this.#breadth?.byteLength ?? 0);
    return this.#ground.byteLength + exact + reuse;
  }
}
