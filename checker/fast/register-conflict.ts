/**
 * What the near-linear register check found, in words and in the few operations that prove it.
 *
 * The core is closed: a value that is seen in it is written in it, and an open operation that
 * must have happened has with it the one who saw its effect. [HW90]
 */

import { neverReturned, operationAt as recordAt } from '../columns.ts';
import { describeDistance, describeMutation, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import { type Chains, forEachRank } from './register-chains.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';
import { findWriterOf, isSeenAnywhere } from './register-context.ts';
import type { Observations, RegisterConflict } from './register-observations.ts';
import type { Overwritten } from './register-overwritten.ts';
import { describeSeen, describeZoneConflict } from './register-zone-conflict.ts';

export interface ConflictContext {
  readonly input: FastInput;
  readonly columns: RegisterColumns;
  readonly observations: Observations;
  readonly chains: Chains | null;
  readonly conflict: RegisterConflict;
}

/** Class, sentence and core of a conflict. */
export function describeRegisterConflict(context: ConflictContext): Finding {
  const { conflict } = context;
  switch (conflict.type) {
    case 'contradiction':
      return describeContradiction(context, conflict.row);
    case 'unwritten':
      return describeUnwritten(context, conflict.row);
    case 'double-cas':
      return describeDoubleCas(context, conflict.first, conflict.second);
    case 'order':
      return describeOrder(context, conflict.before, conflict.after);
    case 'overwritten':
      return describeOverwritten(context, conflict);
    case 'cycle':
      return describeCycle(context, conflict.row);
    case 'zones':
      return describeZones(context, conflict.outer, conflict.inner);
    default:
      return assertNever(conflict);
  }
}

function describeContradiction(context: ConflictContext, row: number): Finding {
  const operation = operationAt(context, row);
  return {
    kind: 'impossible-cas',
    sentence:
      `${describeMutation(operation)} answered ${JSON.stringify(operation.output)}, ` +
      'which contradicts itself: a cas swaps exactly when it finds the old value.',
    core: [operation],
  };
}

function describeUnwritten(context: ConflictContext, row: number): Finding {
  const operation = operationAt(context, row);
  const witness = completedWitness(context, row);
  const core = coreOf(context, [row]);
  // Of a part of a history the writer may have been cut off, because it began too late.
  const later = findWriterOf(context.input.context, operation);
  if (later !== null && later.call > (witness.return ?? 0)) {
    return {
      kind: 'future-read',
      sentence: describeFuture(witness, later),
      core: [...core, later].sort((a, b) => a.call - b.call),
    };
  }
  const saw =
    operation.id === witness.id
      ? `${describeOperation(operation)} saw ${describeSeen(operation)}`
      : `${describeMutation(operation)} must have swapped, for its value was seen, and so ` +
        `have found ${describeSeen(operation)}`;
  const failed = findWriterOf(context.input.failed, operation);
  if (failed !== null) {
    return {
      kind: 'failed-write-read',
      sentence:
        `${saw}, but the only one to write that was ${describeMutation(failed)}, which failed: ` +
        'it definitely did not happen.',
      core,
    };
  }
  return { kind: 'unwritten-value', sentence: `${saw}, a value that nobody ever wrote.`, core };
}

/** The operation itself, or for an open one the completed one that proves that it happened. */
function completedWitness(context: ConflictContext, row: number): Operation {
  let witness = row;
  while (context.columns.return[witness] === neverReturned) {
    const next = context.observations.forcedBy[witness] ?? -1;
    if (next < 0) break;
    witness = next;
  }
  return operationAt(context, witness);
}

function describeFuture(observer: Operation, writer: Operation): string {
  return (
    `${describeOperation(observer)} saw ${describeSeen(observer)} and completed ` +
    `${describeDistance(observer, writer)} before ${describeMutation(writer)} began, on which ` +
    'that value depends.'
  );
}

function describeDoubleCas(context: ConflictContext, first: number, second: number): Finding {
  const one = operationAt(context, first);
  const other = operationAt(context, second);
  return {
    kind: 'lost-update',
    sentence:
      `${describeMutation(one)} and ${describeMutation(other)} both succeeded from ` +
      `${describeSeen(other)}, which was there at most once: one of the two updates was lost.`,
    core: coreOf(context, [first, second]),
  };
}

function describeOrder(context: ConflictContext, before: number, after: number): Finding {
  const earlier = operationAt(context, after);
  const later = operationAt(context, before);
  const core = coreOf(context, [before, after]);
  const distance = describeDistance(earlier, later);
  if (context.columns.kind[before] !== rowKind.read) {
    return {
      kind: 'future-read',
      sentence: describeFuture(earlier, later),
      core,
    };
  }
  const isRead = context.columns.kind[after] === rowKind.read;
  const seenBefore = isRead
    ? `${describeOperation(earlier)} had already seen the newer ${describeSeen(earlier)}`
    : `${describeMutation(earlier)} had already replaced it`;
  return {
    kind: isRead ? 'non-monotonic-read' : 'stale-read',
    sentence:
      `${describeOperation(later)} returned ${describeSeen(later)}, although ${seenBefore} ` +
      `and completed ${distance} before that read began.`,
    core,
  };
}

/** Only the words and the operations that are named: nothing else is needed to refuse the read. */
function describeOverwritten(context: ConflictContext, found: Overwritten): Finding {
  const read = operationAt(context, found.read);
  const by = operationAt(context, found.by);
  const writer = found.writer < 0 ? null : operationAt(context, found.writer);
  const origin =
    writer === null
      ? 'That is the initial value, and nobody else who wrote it began before the read returned.'
      : `Of all who wrote that and began before the read returned, ${describeMutation(writer)} ` +
        `was the last to return, ${describeDistance(writer, by)} before the newer write began.`;
  return {
    kind: isSeenAnywhere(context.input, by) ? 'stale-read' : 'lost-write',
    sentence:
      `${describeOperation(read)} returned ${describeSeen(read)}, although ` +
      `${describeMutation(by)} had completed ${describeDistance(by, read)} before that read ` +
      `began. ${origin}`,
    core: [...(writer === null ? [] : [writer]), by, read].sort((a, b) => a.call - b.call),
  };
}

function describeCycle(context: ConflictContext, row: number): Finding {
  const core = coreOf(context, [row]);
  const ring = core.filter((operation) => operation.f === 'cas').map(describeMutation);
  return {
    kind: 'cas-cycle',
    sentence:
      `${ring.join(', ')}: each took its value from another of them, and no write or initial ` +
      'value could have been the first.',
    core,
  };
}

function describeZones(context: ConflictContext, outer: number, inner: number): Finding {
  const { chains } = context;
  if (chains === null) throw new Error('a conflict of zones without zones');
  const rowOf = new Map<Operation, number>();
  const operationsOf = (block: number): Operation[] => {
    const found: Operation[] = [];
    forEachRank(context, chains.root[block] ?? -1, (rank) => {
      for (const row of rank) {
        const operation = operationAt(context, row);
        rowOf.set(operation, row);
        found.push(operation);
      }
    });
    return found;
  };
  const description = describeZoneConflict({
    outer: operationsOf(outer),
    isOuterInitial: (chains.root[outer] ?? -1) < 0,
    inner: operationsOf(inner),
    countNewer: (first, last) => countNewer(chains, outer, { first, last }),
    wasSeen: (mutation) => isSeenAnywhere(context.input, mutation),
  });
  const { kind, sentence, named } = description;
  const rows = named.map((operation) => rowOf.get(operation) ?? 0);
  return { kind, sentence, core: coreOf(context, rows) };
}

/** How many chains certainly follow the one position and precede the other. */
function countNewer(
  chains: Chains,
  outer: number,
  { first, last }: { readonly first: number; readonly last: number },
): number {
  let count = 0;
  for (let block = 0; block < chains.first.length; block += 1) {
    if (block === outer) continue;
    if ((chains.first[block] ?? 0) < last && first < (chains.last[block] ?? 0)) count += 1;
  }
  return count;
}

/** The rows with all that they rest on, sorted by invocation. */
function coreOf(context: ConflictContext, rows: readonly number[]): Operation[] {
  const { columns, observations } = context;
  const core = new Set<number>();
  const pending = [...rows];
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    if (core.has(row)) continue;
    core.add(row);
    const seen = columns.sees[row] ?? -1;
    const writer = seen < 0 ? -1 : (observations.writer[seen] ?? -1);
    if (writer >= 0) pending.push(writer);
    const witness = observations.forcedBy[row] ?? -1;
    if (columns.return[row] === neverReturned && witness >= 0) pending.push(witness);
  }
  return [...core].sort((a, b) => a - b).map((row) => operationAt(context, row));
}

function operationAt(context: ConflictContext, row: number): Operation {
  return recordAt(context.input.columns, row);
}

function assertNever(conflict: never): never {
  throw new Error(`unknown conflict ${JSON.stringify(conflict)}`);
}
