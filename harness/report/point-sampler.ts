/**
 * Latency points, thinned while they come: one per spot of the plot, coarser and coarser.
 *
 * A dense cloud keeps its shape and no outlier is lost, and what is kept stays small however long
 * the history is. Spots of a coarser grid are made of whole spots of the finer one.
 */

export type Outcome = 'ok' | 'fail' | 'info';

/** An operation's place in the plot. */
export interface PlotPoint {
  /** When it was due: its invocation, or earlier where every client was busy. */
  readonly dueNs: number;
  readonly latencyNs: number;
  readonly type: Outcome;
  readonly f: string;
  /** Index of the invocation line. */
  readonly id: number;
}

/** A spot: so many nanoseconds wide, so many to a decade of latency. */
interface Grid {
  readonly widthNs: number;
  readonly rowsPerDecade: number;
}

const firstColumns = 1600;
const firstRowsPerDecade = 80;
const latencyDecadesMax = 16;
const outcomes: readonly Outcome[] = ['ok', 'fail', 'info'];

export class PointSampler {
  readonly #pointsMax: number;
  #kept: PlotPoint[] = [];
  #grid: Grid | null = null;
  #taken = new Set<number>();
  #count = 0;

  constructor(pointsMax: number) {
    this.#pointsMax = pointsMax;
  }

  /** All points so far, thinned or not. */
  get count(): number {
    return this.#count;
  }

  add(point: PlotPoint): void {
    this.#count++;
    this.#keep(point);
    while (this.#kept.length > this.#pointsMax) this.#coarsen(point.dueNs);
  }

  /** What is left, in the order of the invocations. */
  points(): readonly PlotPoint[] {
    return this.#kept.toSorted((a, b) => a.id - b.id);
  }

  #keep(point: PlotPoint): void {
    if (this.#grid !== null) {
      const spot = spotOf(point, this.#grid);
      if (this.#taken.has(spot)) return;
      this.#taken.add(spot);
    }
    this.#kept.push(point);
  }

  #coarsen(nowNs: number): void {
    this.#grid =
      this.#grid === null
        ? { widthNs: Math.max(1, nowNs) / firstColumns, rowsPerDecade: firstRowsPerDecade }
        : { widthNs: this.#grid.widthNs * 2, rowsPerDecade: this.#grid.rowsPerDecade / 2 };
    const points = this.#kept;
    this.#kept = [];
    this.#taken = new Set();
    for (const point of points) this.#keep(point);
  }
}

function spotOf({ dueNs, latencyNs, type }: PlotPoint, grid: Grid): number {
  const column = Math.floor(dueNs / grid.widthNs);
  const row = Math.floor(Math.log10(Math.max(latencyNs, 1)) * grid.rowsPerDecade);
  const rows = latencyDecadesMax * firstRowsPerDecade;
  return (column * rows + row) * outcomes.length + outcomes.indexOf(type);
}
