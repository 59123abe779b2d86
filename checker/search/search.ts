/**
 * The general search: exact for every model, exponential in the worst case. [WG93] [Lowe17]
 *
 * Synchronous and resumable: `run` takes a budget of steps. It searches depth first, and where
 * that does not end soon, in turns with a search through time (breadth-search.ts); the first that
 * knows decides. Every limit is looked at before memory is taken and at least every 1024 steps.
 */
import type { Columns } from '../columns.ts';
import type { Model, SearchLimits } from '../model.ts';
import type { UnknownReason } from '../verdict.ts';
import { DepthSearch } from './depth-search.ts';
import { Ground } from './ground.ts';

export type SearchOutcome =
  /** Rows in the order of their linearization points. */
  | { readonly type: 'found'; readonly order: Uint32Array }
  /** No order exists; none gets past the return of row `stuckRow`. */
  | { readonly type: 'none'; readonly stuckRow: number; readonly longest: Uint32Array }
  | {
      readonly type: 'stopped';
      readonly reason: UnknownReason;
      /** The latest return that some order reached. */
      readonly position: number;
      /** How many configurations it holds in memory. */
      readonly configurations?: number;
    };

const stepsBetweenChecks = 512;

export class Search {
  readonly #columns: Columns;
  readonly #model: Model;
  readonly #limits: SearchLimits;
  #ground: Ground | null = null;
  #depth: DepthSearch | null = null;
  #steps = 0;
  #outcome: SearchOutcome | null = null;

  constructor(columns: Columns, model: Model, limits: SearchLimits) {
    this.#columns = columns;
    this.#model = model;
    this.#limits = limits;
  }

  get steps(): number {
    return this.#steps;
  }

  /** Goes on for at most that many steps; null when it is not done. */
  run(stepsMax: number): SearchOutcome | null {
    for (let step = 0; step < stepsMax && this.#outcome === null; step += 1) {
      this.#checkLimits();
      if (this.#outcome !== null) break;
      this.#ground ??= new Ground(this.#columns, this.#model);
      this.#depth ??= new DepthSearch(this.#ground);
      this.#steps += 1;
      const result = this.#depth.step();
      if (result === 'found') this.#outcome = { type: 'found', order: this.#depth.order };
      else if (result === 'none') {
        const { stuckRow, longest } = this.#depth;
        this.#outcome = { type: 'none', stuckRow, longest };
      }
    }
    return this.#outcome;
  }

  #checkLimits(): void {
    const reason = this.#exceededLimit();
    if (reason === null) return;
    const row = this.#depth?.stuckRow ?? -1;
    this.#outcome = {
      type: 'stopped',
      reason,
      position: row < 0 ? 0 : (this.#columns.return[row] ?? 0),
      configurations: this.#depth?.visitedCount ?? 0,
    };
  }

  #exceededLimit(): UnknownReason | null {
    if (this.#steps >= this.#limits.stepsMax) return 'steps';
    if (this.#steps % stepsBetweenChecks !== 0) return null;
    const reason = this.#limits.shouldStop();
    if (reason !== null) return reason;
    return this.#estimateBytes() > this.#limits.bytesMax ? 'memory' : null;
  }

  #estimateBytes(): number {
    if (this.#ground === null) return Ground.bytesToBuild(this.#columns.count);
    return this.#ground.byteLength + (this.#depth?.byteLength ?? 0);
  }
}
