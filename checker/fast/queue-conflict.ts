/**
 * Why a queue history has no order, in words and in the few operations that prove it.
 *
 * An element comes with its enqueue and whoever took it; where an open dequeue could have taken
 * it, all that could are in the core too, so that nothing is missing that would explain it.
 */
import { operationAt } from '../columns.ts';
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import { valueKey } from '../value-key.ts';
import type { NotTaken } from './queue-deadlines.ts';
import type { ElementConflict, QueueElements } from './queue-elements.ts';

export type QueueConflict =
  | ElementConflict
  | NotTaken
  /** Elements: `earlier` was in first, and came out last. */
  | { readonly type: 'reordered'; readonly earlier: number; readonly later: number }
  /** Some element of `cover` was there at every moment of the row, which found nothing. */
  | { readonly type: 'empty'; readonly row: number; readonly cover: readonly number[] };

export interface QueueConflictContext {
  readonly input: FastInput;
  /** null while elements could not be made. */
  readonly elements: QueueElements | null;
  readonly conflict: QueueConflict;
}

export function describeQueueConflict(context: QueueConflictContext): Finding {
  const { conflict } = context;
  const at = (row: number): Operation => operationAt(context.input.columns, row);
  switch (conflict.type) {
    case 'unwritten':
      return describeUnwritten(context.input, at(conflict.dequeue));
    case 'duplicate':
      return describeDuplicate(at(conflict.enqueue), conflict.dequeues.map(at));
    case 'future':
      return describeFuture(at(conflict.enqueue), at(conflict.dequeue));
    case 'reordered':
      return describeReordered(context, conflict.earlier, conflict.later);
    case 'not-taken':
      return describeNotTaken(context, conflict);
    case 'empty':
      return describeEmpty(context, conflict.row, conflict.cover);
    default:
      return assertNever(conflict);
  }
}

function describeUnwritten(input: FastInput, dequeue: Operation): Finding {
  const element = describeValue(dequeue.output);
  const { context } = input;
  const later = context === undefined ? null : findEnqueue(context, dequeue);
  if (later !== null) return describeFuture(later, dequeue);
  const took = `${describeOperation(dequeue)} took ${element}`;
  const failed = findEnqueue(input.failed, dequeue);
  if (failed !== null) {
    return {
      kind: 'failed-write-read',
      sentence:
        `${took}, but the only one to enqueue that was ${describeMutation(failed)}, which ` +
        'failed: it definitely did not happen.',
      core: [dequeue],
    };
  }
  return {
    kind: 'unwritten-value',
    sentence: `${took}, an element that nobody ever enqueued.`,
    core: [dequeue],
  };
}

function findEnqueue(columns: FastInput['columns'], dequeue: Operation): Operation | null {
  const wanted = valueKey(dequeue.output);
  for (let row = 0; row < columns.count; row += 1) {
    const operation = operationAt(columns, row);
    if (operation.f === 'enqueue' && valueKey(operation.value) === wanted) return operation;
  }
  return null;
}

function describeDuplicate(enqueue: Operation, dequeues: readonly Operation[]): Finding {
  return {
    kind: 'duplicate-element',
    sentence:
      `${dequeues.map(describeOperation).join(' and ')} both took ` +
      `${describeValue(enqueue.value)}, which was enqueued only once, by ` +
      `${describeOperation(enqueue)}.`,
    core: sorted([enqueue, ...dequeues]),
  };
}

function describeFuture(enqueue: Operation, dequeue: Operation): Finding {
  return {
    kind: 'future-read',
    sentence:
      `${describeOperation(dequeue)} took ${describeValue(dequeue.output)} and completed ` +
      `${describeDistance(dequeue, enqueue)} before ${describeMutation(enqueue)} began.`,
    core: sorted([enqueue, dequeue]),
  };
}

/** The enqueue of an element and the dequeue that took it, null when none did. */
function operationsOf(
  { input, elements }: QueueConflictContext,
  element: number,
): { readonly enqueue: Operation; readonly dequeue: Operation | null } {
  const row = elements?.dequeue[element] ?? -1;
  return {
    enqueue: operationAt(input.columns, elements?.enqueue[element] ?? 0),
    dequeue: row < 0 ? null : operationAt(input.columns, row),
  };
}

function describeReordered(context: QueueConflictContext, earlier: number, later: number): Finding {
  const first = operationsOf(context, earlier);
  const second = operationsOf(context, later);
  if (first.dequeue === null || second.dequeue === null) throw new Error('nobody took it');
  return {
    kind: 'reordered-elements',
    sentence:
      `${describeMutation(first.enqueue)} completed ` +
      `${describeDistance(first.enqueue, second.enqueue)} before ` +
      `${describeMutation(second.enqueue)} began, but they came out in the opposite order: ` +
      `${describeOperation(second.dequeue)} took ${describeValue(second.enqueue.value)} and ` +
      `completed ${describeDistance(second.dequeue, first.dequeue)} before ` +
      `${describeOperation(first.dequeue)}, which took ${describeValue(first.enqueue.value)}, ` +
      'began.',
    core: sorted([first.enqueue, first.dequeue, second.enqueue, second.dequeue]),
  };
}

function describeNotTaken(context: QueueConflictContext, conflict: NotTaken): Finding {
  const at = (row: number): Operation => operationAt(context.input.columns, row);
  const lost = conflict.elements.map((element) => operationsOf(context, element).enqueue);
  const core = new Map<number, Operation>();
  for (const operation of [...lost, ...conflict.openDequeues.map(at)]) {
    core.set(operation.id, operation);
  }
  const proofs: string[] = [];
  for (const witness of conflict.witnesses) {
    if (witness.type === 'empty') {
      const operation = at(witness.row);
      core.set(operation.id, operation);
      proofs.push(`${describeOperation(operation)} found the queue empty`);
      continue;
    }
    const { enqueue, dequeue } = operationsOf(context, witness.element);
    if (dequeue === null) continue;
    core.set(enqueue.id, enqueue).set(dequeue.id, dequeue);
    proofs.push(
      `${describeOperation(dequeue)} took ${describeValue(enqueue.value)}, which went in later`,
    );
  }
  const isLost = conflict.witnesses.every(({ type }) => type === 'element');
  const [only] = lost;
  const what =
    only !== undefined && lost.length === 1
      ? `${describeMutation(only)} completed, but nobody took ${describeValue(only.value)}`
      : `${lost.map(describeMutation).join(' and ')} completed, but nobody took these elements`;
  const open = conflict.openDequeues.length;
  const alibi = open === 0 ? '' : `, and the ${open} open dequeues until then are too few for that`;
  return {
    kind: isLost ? 'lost-element' : 'impossible-empty',
    sentence: `${what}, although ${proofs.join(' and ')}${alibi}.`,
    core: sorted([...core.values()]),
  };
}

function describeEmpty(
  context: QueueConflictContext,
  row: number,
  cover: readonly number[],
): Finding {
  const empty = operationAt(context.input.columns, row);
  const core = [empty];
  const spans = cover.map((element, turn) => {
    const { enqueue, dequeue } = operationsOf(context, element);
    core.push(enqueue);
    if (dequeue !== null) core.push(dequeue);
    const since =
      turn === 0
        ? `${describeMutation(enqueue)} had completed ${describeDistance(enqueue, empty)} before`
        : `then ${describeMutation(enqueue)} was in before that`;
    if (dequeue === null) return `${since}, and nobody ever took it`;
    return `${since}, and ${describeOperation(dequeue)} began to take it only later`;
  });
  return {
    kind: 'impossible-empty',
    sentence:
      `${describeOperation(empty)} found the queue empty, although there was something in it ` +
      `all the while: ${spans.join('; ')}.`,
    core: sorted(core),
  };
}

function sorted(operations: readonly Operation[]): Operation[] {
  return [...operations].sort((a, b) => a.call - b.call);
}

function assertNever(conflict: never): never {
  throw new Error(`unknown conflict ${JSON.stringify(conflict)}`);
}
