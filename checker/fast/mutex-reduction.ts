/**
 * The few operations of a mutex history that have no order even alone.
 *
 * Taking something away must not make the violation. So an acquire goes only together with the
 * release that followed it, and neither goes when it may have happened during an operation that
 * only looked and that stays: what that one saw may have come of them.
 */
import { type Columns, neverReturned, selectRows } from '../columns.ts';
import { createMutexRows, mutexKind } from './mutex-rows.ts';
import { type MutexRun, runMutex } from './mutex-run.ts';

export interface MutexConflict {
  readonly columns: Columns;
  readonly kinds: Uint8Array;
  /** Got stuck. */
  readonly run: MutexRun;
}

/** What is taken away at once: an acquire with the release after it, or a single row. */
type Unit = readonly number[];

/** How many rows all attempts to take something away may visit together. */
const visitsMax = 4_000_000;

/** Rows, sorted, which alone have no order. */
export function reduceMutexRows(conflict: MutexConflict): number[] {
  const { columns, kinds, run } = conflict;
  // What began after the return that could not be reached has no part in it.
  const end = columns.return[run.stuck] ?? 0;
  const units = unitsOf(conflict).filter(([row]) => (columns.call[row ?? 0] ?? 0) < end);
  const isLooking = ([row]: Unit): boolean => (kinds[row ?? 0] ?? 0) > mutexKind.release;
  const mutations = units.filter((unit) => !isLooking(unit));
  const reduction = new Reduction(columns);
  const looking = reduction.reduce(units.filter(isLooking), mutations);
  const isFixed = (unit: Unit): boolean => looking.some(([row]) => meet(columns, unit, row ?? 0));
  const fixed = mutations.filter(isFixed);
  const free = mutations.filter((unit) => !isFixed(unit));
  return rowsOf([...looking, ...fixed, ...reduction.reduce(free, [...looking, ...fixed])]);
}

class Reduction {
  readonly #columns: Columns;
  #visits = visitsMax;

  constructor(columns: Columns) {
    this.#columns = columns;
  }

  /** As few of the units as it finds that together with `kept` have no order. */
  reduce(units: readonly Unit[], kept: readonly Unit[]): readonly Unit[] {
    if (units.length === 0 || this.#isStuck(kept)) return [];
    let left = units;
    for (let size = (units.length + 1) >> 1; size >= 1 && this.#visits > 0; size >>= 1) {
      for (let at = 0; at < left.length && this.#visits > 0; ) {
        const fewer = [...left.slice(0, at), ...left.slice(at + size)];
        if (this.#isStuck([...fewer, ...kept])) left = fewer;
        else at += size;
      }
    }
    return left;
  }

  #isStuck(units: readonly Unit[]): boolean {
    const rows = rowsOf(units);
    this.#visits -= rows.length;
    const part = selectRows(this.#columns, rows);
    return runMutex(part, createMutexRows(part)).stuck >= 0;
  }
}

/** Whether the unit may have changed something during that row. */
function meet(columns: Columns, unit: Unit, row: number): boolean {
  const [first = 0] = unit;
  if ((columns.call[first] ?? 0) > (columns.return[row] ?? 0)) return false;
  const end = unit.length < 2 ? neverReturned : (columns.return[unit[1] ?? 0] ?? 0);
  return end > (columns.call[row] ?? 0);
}

function rowsOf(units: readonly Unit[]): number[] {
  return units.flat().sort((a, b) => a - b);
}

function unitsOf({ columns, kinds, run }: MutexConflict): Unit[] {
  const units: Unit[] = [];
  const placed = new Uint8Array(columns.count);
  let acquired = -1;
  for (const row of run.order) {
    placed[row] = 1;
    if (kinds[row] === mutexKind.acquire) acquired = row;
    else if (kinds[row] === mutexKind.release) {
      units.push([acquired, row]);
      acquired = -1;
    } else units.push([row]);
  }
  if (acquired >= 0) units.push([acquired]);
  for (let row = 0; row < columns.count; row += 1) if (placed[row] === 0) units.push([row]);
  return units;
}
