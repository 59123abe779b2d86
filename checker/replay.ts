/**
 * Replay: the proof behind every valid verdict, by code that shares nothing with the algorithms.
 *
 * Takes an order of operations and runs it against the model. An order that does not hold means
 * that the checker is wrong, not the history: it is an assertion and it is thrown.
 */
import type { Operation } from './history.ts';
import type { Model } from './model.ts';

/** The checker contradicted itself. */
export class ReplayError extends Error {
  constructor(message: string) {
    super(`the order of a valid verdict does not replay, so the checker is wrong: ${message}`);
    this.name = 'ReplayError';
  }
}

/**
 * Throws unless `order` (ids) holds each completed operation once, each open one at most once,
 * keeps the order of real time, and the model accepts every step of it.
 */
export function replayOrder(
  operations: readonly Operation[],
  order: Iterable<number>,
  model: Model,
): void {
  const waiting = new Map<number, Operation>();
  for (const operation of operations) waiting.set(operation.id, operation);
  let state = model.init;
  let callMax = -1;
  for (const id of order) {
    const operation = waiting.get(id);
    if (operation === undefined) throw new ReplayError(`operation ${id} is unknown or twice in it`);
    waiting.delete(id);
    callMax = Math.max(callMax, operation.call);
    if (operation.return !== null && operation.return < callMax) {
      throw new ReplayError(
        `operation ${id} returned at ${operation.return}, before one ahead of it was ` +
          `invoked at ${callMax}`,
      );
    }
    const next = model.step(state, operation);
    if (next === undefined) {
      throw new ReplayError(
        `operation ${id} (${operation.f}) is not possible in the state before it`,
      );
    }
    state = next;
  }
  for (const operation of waiting.values()) {
    // An open operation may never have happened; a completed observer or write did.
    if (operation.return !== null) throw new ReplayError(`operation ${operation.id} is missing`);
  }
}
