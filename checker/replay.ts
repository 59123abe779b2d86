/**
 * Replay: the proof behind every valid verdict, by code that shares nothing with the algorithms.
 *
 * Takes an order of operations and runs it against the model. An order that does not hold means
 * that the checker is wrong, not the history: it is an assertion and it is thrown.
 */
import { type Columns, neverReturned } from './columns.ts';
import type { Model } from './model.ts';

/** The checker contradicted itself. */
export class ReplayError extends Error {
  constructor(message: string) {
    super(`the order of a valid verdict does not replay, so the checker is wrong: ${message}`);
    this.name = 'ReplayError';
  }
}

/**
 * Throws unless `order` (rows) holds each completed operation once, each open one at most once,
 * keeps the order of real time, and the model accepts every step of it.
 */
export function replayOrder(columns: Columns, order: Uint32Array, model: Model): void {
  const { count, id, call, return: returned, f, tables } = columns;
  const isDone = new Uint8Array(count);
  const nameOf = (row: number): string => `operation ${id[row] ?? '?'}`;
  const accepts = model.replayer(columns);
  let callMax = -1;
  for (const row of order) {
    if (row >= count || isDone[row] === 1)
      throw new ReplayError(`${nameOf(row)} is unknown or twice in it`);
    isDone[row] = 1;
    callMax = Math.max(callMax, call[row] ?? 0);
    const end = returned[row] ?? 0;
    if (end < callMax) {
      throw new ReplayError(
        `${nameOf(row)} returned at ${end}, before one ahead of it was invoked at ${callMax}`,
      );
    }
    if (!accepts(row)) {
      const what = tables.functions[f[row] ?? 0] ?? '';
      throw new ReplayError(`${nameOf(row)} (${what}) is not possible in the state before it`);
    }
  }
  for (let row = 0; row < count; row += 1) {
    // An open operation may never have happened; a completed one did, observer or not.
    if (isDone[row] === 1 || returned[row] === neverReturned) continue;
    throw new ReplayError(`${nameOf(row)} is missing`);
  }
}
