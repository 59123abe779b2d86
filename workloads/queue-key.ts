/**
 * What the queue workload asks of one key: unique elements go in, and come out.
 *
 * The queue is kept at a few elements: an empty one shows no order, and a long one would take the
 * whole end of the run to drain.
 */
import type { Op } from '../checker/history.ts';
import { type Generator, type OpTemplate, unfold } from '../harness/generator.ts';

interface QueueKey {
  /** Every element goes in at most once in a run, which keeps checking near-linear. */
  readonly nextElement: number;
  /** As far as the answers tell. */
  readonly length: number;
}

const dequeue: OpTemplate = { f: 'dequeue', value: null };
const lengthAimedAt = 5;

export function createQueueKey(firstElement: number): Generator {
  const start: QueueKey = { nextElement: firstElement, length: 0 };
  return unfold(start, {
    next: (state, { random }) => {
      const { nextElement: value } = state;
      // Both always happen: a dequeue of an empty queue says that it is empty.
      const share = state.length < lengthAimedAt ? 0.65 : 0.35;
      if (random() >= share) return { op: dequeue, state };
      return { op: { f: 'enqueue', value }, state: { ...state, nextElement: value + 1 } };
    },
    learn: (state, event) => ({ ...state, length: state.length + changeOfLength(event) }),
  });
}

function changeOfLength({ type, f, value }: Op): number {
  if (type !== 'ok') return 0;
  if (f === 'enqueue') return 1;
  return value === null ? 0 : -1;
}

/** Takes elements out until there is none; then it is done. */
export function createDrain(key: string): Generator {
  interface Draining {
    readonly asked: number | null;
    readonly isEmpty: boolean;
  }
  const start: Draining = { asked: null, isEmpty: false };
  return unfold(start, {
    next: (state, { process }) => {
      if (state.isEmpty) return null;
      if (state.asked !== null) return { op: null, state };
      return { op: { ...dequeue, key }, state: { ...state, asked: process } };
    },
    learn: (state, { type, process, value }) => {
      if (type === 'invoke' || process !== state.asked) return state;
      return { asked: null, isEmpty: type === 'ok' && value === null };
    },
  });
}
