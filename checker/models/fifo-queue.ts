/**
 * A queue, first in first out: elements come out in the order in which they went in.
 *
 * The state is the elements as JSON texts, each with a line break after it; no JSON text holds a
 * raw one.
 */
import type { Columns } from '../columns.ts';
import { describeValue } from '../describe-operation.ts';
import { decideQueue } from '../fast/queue.ts';
import { createQueueRows, queueKind } from '../fast/queue-rows.ts';
import type { Operation } from '../history.ts';
import { type BadRow, defineModel, type Model, type Replayer } from '../model.ts';
import { valueKey } from '../value-key.ts';

/**
 * - `enqueue` takes the element, anything but null. Elements should be unique: then the check
 *   is quick. What it answers does not matter.
 * - `dequeue` answers the element that it took; null says that the queue was empty.
 *
 * An open enqueue may have happened; an open dequeue too, and then it took what came first.
 */
export function createFifoQueue(): Model {
  return defineModel<string>({
    name: 'fifo-queue',
    functions: ['enqueue', 'dequeue'],
    init: '',
    check: describeBad,
    findBad,
    step,
    stateKey: (state) => state,
    isObserver: ({ f, output, return: end }) =>
      f === 'dequeue' && end !== null && (output ?? null) === null,
    describeState: (state) => {
      const elements = state.split('\n').slice(0, -1);
      return elements.length === 0 ? 'empty' : `first to last: ${elements.join(', ')}`;
    },
    replayer: replay,
    fast: decideQueue,
  });
}

function step(state: string, operation: Operation): string | undefined {
  if (operation.f === 'enqueue') return `${state}${valueKey(operation.value)}\n`;
  const isOpen = operation.return === null;
  // The first of none is nothing: an open dequeue of an empty queue takes nothing.
  if (isOpen) return state.slice(state.indexOf('\n') + 1);
  if ((operation.output ?? null) === null) return state === '' ? state : undefined;
  const first = `${valueKey(operation.output)}\n`;
  return state.startsWith(first) ? state.slice(first.length) : undefined;
}

const nullEnqueued = 'an enqueue takes an element that is not null: null is an empty answer';

function describeBad({ f, value }: Operation): string | null {
  return f === 'enqueue' && describeValue(value) === 'null' ? nullEnqueued : null;
}

/** `check` without a record for each row. */
function findBad({ count, f, argument, argument2, tables }: Columns): BadRow | null {
  const enqueue = tables.functions.indexOf('enqueue');
  for (let row = 0; row < count; row += 1) {
    const isNull = argument[row] === 0 && (argument2[row] ?? 0) < 0;
    if (isNull && f[row] === enqueue) return { row, message: nullEnqueued };
  }
  return null;
}

/** The elements in a ring that is as long as there are rows, so it never wraps. */
function replay(columns: Columns): Replayer {
  const { kind, element } = createQueueRows(columns);
  const elements = new Int32Array(columns.count);
  let head = 0;
  let tail = 0;
  return (row) => {
    switch (kind[row]) {
      case queueKind.enqueue:
        elements[tail] = element[row] ?? 0;
        tail += 1;
        return true;
      case queueKind.openDequeue:
        if (head < tail) head += 1;
        return true;
      case queueKind.empty:
        return head === tail;
      default:
        if (head === tail || elements[head] !== element[row]) return false;
        head += 1;
        return true;
    }
  };
}
