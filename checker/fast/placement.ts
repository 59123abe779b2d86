/**
 * Rows in an order that is known, each with a place in the history where it may have happened.
 */
import type { Columns } from '../columns.ts';

/**
 * Every row goes to the latest invocation of those before it and its own: the earliest place that
 * the order allows. It must not lie behind the row's return; whoever adds it knows that.
 */
export class Placement {
  readonly rows: number[] = [];
  /** By position in `rows`; never falls. */
  readonly places: number[] = [];
  readonly #call: Columns['call'];
  #latest = -1;

  constructor({ call }: Pick<Columns, 'call'>) {
    this.#call = call;
  }

  add(row: number): void {
    this.#latest = Math.max(this.#latest, this.#call[row] ?? 0);
    this.rows.push(row);
    this.places.push(this.#latest);
  }
}

/** Both orders as one that keeps real time; no row may be in both. */
export function mergePlacements(one: Placement, other: Placement): Uint32Array {
  const merged = new Uint32Array(one.rows.length + other.rows.length);
  let first = 0;
  let second = 0;
  for (let at = 0; at < merged.length; at += 1) {
    const isFirst =
      second >= other.rows.length ||
      (one.places[first] ?? Number.POSITIVE_INFINITY) < (other.places[second] ?? 0);
    merged[at] = (isFirst ? one.rows[first++] : other.rows[second++]) ?? 0;
  }
  return merged;
}
