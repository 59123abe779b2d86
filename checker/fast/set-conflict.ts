/**
 * What the check of one element of a set found, in words and in the few operations that prove it.
 *
 * The core holds the add and the remove of the element, if there are such, and with a whole read
 * all that was done to the other elements that it shows.
 */
import { none, operationAt } from '../columns.ts';
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from '../describe-operation.ts';
import type { FastInput, Finding } from '../model.ts';
import type { GrowSetHistory } from './grow-set.ts';
import { coreOf } from './ranks.ts';
import { elementsRead } from './set-elements.ts';
import type { ElementConflict, ElementResult } from './set-elementwise.ts';
import { elementKind, isAdd, isRemove } from './set-kinds.ts';
import type { SetHistory } from './set-operations.ts';
import { describePhantom } from './set-phantom.ts';

export interface ElementContext {
  readonly input: FastInput;
  readonly set: SetHistory;
  /** The whole reads, when there are any. */
  readonly reads: GrowSetHistory | null;
}

type Refusal = Exclude<ElementResult, { readonly type: 'valid' | 'undecided' }>;

export function describeElementConflict(context: ElementContext, result: Refusal): Finding {
  const { columns } = context.set;
  switch (result.type) {
    case 'phantom': {
      const element = operationAt(columns, result.row).value;
      return describePhantom(context.input, { row: result.row, element, writer: 'add' });
    }
    case 'double':
      return describeDouble(context, result.rows);
    case 'conflict': {
      const core = coreOf(columns, result.rows, supportOf(context, result.rows));
      return { ...describePair(context, result), core };
    }
    default:
      return result;
  }
}

function describeDouble({ set }: ElementContext, rows: readonly [number, number]): Finding {
  const [one, two] = rows.map((row) => operationAt(set.columns, row));
  if (one === undefined || two === undefined) throw new Error('two rows are two operations');
  return {
    kind: 'lost-update',
    sentence:
      `${describeMutation(one)} and ${describeMutation(two)} were both told that it had not been ` +
      'in the set, and nobody removed it.',
    core: coreOf(set.columns, rows),
  };
}

function describePair(
  { set }: ElementContext,
  { smaller, larger }: ElementConflict,
): Pick<Finding, 'kind' | 'sentence'> {
  const { columns, kind } = set;
  const late = operationAt(columns, smaller);
  const early = operationAt(columns, larger);
  const when = `although that had completed ${describeDistance(early, late)} before it began`;
  const what = `${describeTold(set, smaller)}; ${describeTold(set, larger)}, ${when}`;
  const lateKind = kind[smaller] ?? 0;
  const earlyKind = kind[larger] ?? 0;
  if (lateKind === elementKind.missed && (isAdd(earlyKind) || earlyKind === elementKind.found)) {
    const isSeenLater = wasFoundAfter(set, smaller);
    return {
      kind: isSeenLater ? 'stale-read' : 'lost-element',
      sentence: `${what}${isSeenLater ? ', and others found it later.' : ' and nobody removed it.'}`,
    };
  }
  if (earlyKind === elementKind.missed) {
    return {
      kind: 'stale-read',
      sentence:
        `${describeTold(set, larger)}, while the element was certainly there: it was not yet ` +
        `removed when ${describeTold(set, smaller)}.`,
    };
  }
  if (isAdd(lateKind)) {
    return { kind: isAdd(earlyKind) ? 'lost-update' : 'future-read', sentence: `${what}.` };
  }
  return { kind: 'stale-read', sentence: `${what}.` };
}

/** Such as `process 1's contains on n1 (op 4) found 7`. */
function describeTold({ columns, kind }: SetHistory, row: number): string {
  const operation = operationAt(columns, row);
  const sort = kind[row] ?? 0;
  if (operation.f === 'read') {
    return `${describeOperation(operation)} ${sort === elementKind.found ? 'showed' : 'missed'} it`;
  }
  const element = describeValue(operation.value);
  if (sort === elementKind.found) return `${describeOperation(operation)} found ${element}`;
  if (sort === elementKind.missed) {
    return `${describeOperation(operation)} did not find ${element}`;
  }
  const told =
    sort === elementKind.toldAdd || sort === elementKind.toldRemove
      ? `${sort === elementKind.toldAdd ? ' did not find' : ' found'} it`
      : ' ran';
  return `${describeMutation(operation)}${told}`;
}

/** Whether somebody who began after the row returned found the element. */
function wasFoundAfter({ columns, kind, elementOf, rowsOf }: SetHistory, row: number): boolean {
  const element = elementOf[row] ?? none;
  if (element === none) return false;
  const end = columns.return[row] ?? 0;
  return rowsOf(element).some(
    (other) => kind[other] === elementKind.found && (columns.call[other] ?? 0) > end,
  );
}

/** All adds and removes of what the whole reads among these rows show. */
function supportOf({ set, reads }: ElementContext, rows: readonly number[]): number[] {
  if (reads === null) return [];
  const support: number[] = [];
  for (const row of rows) {
    if (reads.answers.ofRow[row] === none) continue;
    for (const value of elementsRead(set.columns, row)) {
      for (const other of set.rowsOf(reads.elements.find(value))) {
        const kind = set.kind[other] ?? 0;
        if (isAdd(kind) || isRemove(kind)) support.push(other);
      }
    }
  }
  return support;
}
