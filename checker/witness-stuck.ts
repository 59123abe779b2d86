/**
 * Where the orders of a few operations get stuck: the longest one with its states, what it leaves,
 * and why none of that can come next. For pictures and sentences; never for a verdict.
 */
import { describeValue } from './describe-operation.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';
import type { Obstacle, Witness } from './verdict.ts';
import { labelOf, outcomeOf, stateSentence } from './witness-words.ts';

type Stuck = Pick<Witness, 'longestOrder' | 'states' | 'remaining'>;

/** Extends the order as far as it goes, and says what is in the way of the rest. */
export function describeStuck(
  operations: readonly Operation[],
  order: readonly number[],
  model: Model,
): Stuck {
  const rest = new Map(operations.map((operation) => [operation.id, operation]));
  const longestOrder: number[] = [];
  const states = [model.describeState(model.init)];
  let state = model.init;
  const take = (operation: Operation | undefined): boolean => {
    const isNext = operation !== undefined && precedingOf(operation, rest) === null;
    const next = isNext ? model.step(state, operation) : undefined;
    if (operation === undefined || next === undefined) return false;
    state = next;
    rest.delete(operation.id);
    longestOrder.push(operation.id);
    states.push(model.describeState(state));
    return true;
  };
  for (const id of order) take(rest.get(id));
  // Whatever completed still fits belongs to it as well.
  while ([...rest.values()].some((operation) => operation.return !== null && take(operation)));
  const left = [...rest.values()].sort((a, b) => endOf(a) - endOf(b));
  const now = stateSentence(states.at(-1) ?? '', model);
  const remaining = left.map((operation): Obstacle => {
    return { id: operation.id, why: whyNot(operation, { rest, state, now, model }) };
  });
  return { longestOrder, states, remaining };
}

interface Place {
  readonly rest: ReadonlyMap<number, Operation>;
  readonly state: unknown;
  /** The state as a sentence. */
  readonly now: string;
  readonly model: Model;
}

function whyNot(operation: Operation, { rest, state, now, model }: Place): string {
  const before = precedingOf(operation, rest);
  if (before !== null) {
    return `must come after op ${before.id} (${labelOf(before)}), which returned before it began`;
  }
  if (model.step(state, operation) === undefined) return `${refusal(operation)}, but ${now}`;
  return 'may have happened or not, and does not help here';
}

function refusal(operation: Operation): string {
  const { f, output } = operation;
  if (f === 'read' || f === 'get') return `returned ${labelOf(operation).slice(f.length + 1)}`;
  const isSwap = typeof output === 'object' && output !== null && 'swapped' in output;
  if (!isSwap) return answerOf(operation);
  if (output.swapped === true) return 'swapped';
  return 'seen' in output ? `found ${describeValue(output.seen)}` : 'did not swap';
}

/** Its name and argument stand before this. */
function answerOf(operation: Operation): string {
  if (operation.return === null) return `was ${labelOf(operation)}`;
  const outcome = outcomeOf(operation);
  return outcome === 'acknowledged' ? 'was acknowledged' : outcome;
}

/** The first to return of those that must come before it; null when it may come next. */
function precedingOf(operation: Operation, rest: ReadonlyMap<number, Operation>): Operation | null {
  let first: Operation | null = null;
  for (const other of rest.values()) {
    if (endOf(other) >= operation.call) continue;
    if (first === null || endOf(other) < endOf(first)) first = other;
  }
  return first;
}

function endOf(operation: Operation): number {
  return operation.return ?? Number.POSITIVE_INFINITY;
}

const configurationsMax = 20_000;
const statesMax = 4;

/**
 * The states in which the last operation to be reached comes and does not fit, over all orders of
 * at most 30 operations; null when that is too much to go through.
 */
export function statesAtEnd(
  operations: readonly Operation[],
  model: Model,
): { readonly stuck: Operation; readonly states: readonly string[] } | null {
  if (operations.length > 30) return null;
  const byEnd = [...operations].sort((a, b) => endOf(a) - endOf(b));
  const known = new Set<string>();
  const ends = new Map<Operation, Set<string>>();
  const open: { readonly done: number; readonly state: unknown }[] = [];
  const visit = (done: number, state: unknown): void => {
    const key = `${done} ${model.stateKey(state)}`;
    if (known.has(key)) return;
    known.add(key);
    open.push({ done, state });
  };
  visit(0, model.init);
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    if (known.size > configurationsMax) return null;
    const { done, state } = place;
    const required = byEnd.find((_, at) => (done & (1 << at)) === 0);
    if (required === undefined || required.return === null) return null;
    if (model.step(state, required) === undefined) {
      const states = ends.get(required) ?? new Set<string>();
      ends.set(required, states.add(model.describeState(state)));
    }
    byEnd.forEach((operation, at) => {
      if ((done & (1 << at)) !== 0 || operation.call > endOf(required)) return;
      const next = model.step(state, operation);
      if (next !== undefined) visit(done | (1 << at), next);
    });
  }
  const stuck = byEnd.findLast((operation) => ends.has(operation));
  if (stuck === undefined) return null;
  const states = [...(ends.get(stuck) ?? [])];
  return states.length > statesMax ? null : { stuck, states };
}
