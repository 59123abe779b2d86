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
import { describeElementFacts } from './set-facts.ts';
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
      // The first of the rows is an add of it.
      const first = operationAt(columns, result.rows[0] ?? result.smaller);
      const named = describeElementFacts(context.set, result.rows, describeValue(first.value));
      return { ...(named ?? describePair(context, result)), core };
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
  { smaller, larger, rows }: ElementConflict,
): Pick<Finding, 'kind' | 'sentence'> {
  const { columns, kind } = set;
  // The first of the rows is an add of it.
  const element = describeValue(operationAt(columns, rows[0] ?? smaller).value);
  const late = describeTold(set, smaller, element);
  const early = describeTold(set, larger, element);
  const distance = describeDistance(operationAt(columns, larger), operationAt(columns, smaller));
  const lateKind = kind[smaller] ?? 0;
  const earlyKind = kind[larger] ?? 0;
  const stale = `${late.told}, although ${early.who} had completed ${distance} before it began`;
  if (earlyKind === elementKind.missed) {
    // Whoever comes last of those that need it in the set began after the miss had returned.
    const still = isRemove(lateKind) ? `${late.who} began only` : `${late.told}, beginning`;
    return {
      kind: 'stale-read',
      sentence:
        `${early.told}, although it had been added before that began, and ${still} ` +
        `${distance} after that had returned.`,
    };
  }
  if (lateKind === elementKind.missed) {
    const isSeenLater = wasFoundAfter(set, smaller);
    const after = isSeenLater ? 'others found it later' : 'nobody removed it';
    return {
      kind: isSeenLater ? 'stale-read' : 'lost-element',
      sentence: `${stale} and ${after}.`,
    };
  }
  if (isAdd(lateKind) && !isAdd(earlyKind)) {
    return {
      kind: 'future-read',
      sentence: `${early.told}, although it had completed ${distance} before ${late.who} began.`,
    };
  }
  return { kind: isAdd(lateKind) ? 'lost-update' : 'stale-read', sentence: `${stale}.` };
}

interface Told {
  /** Such as `process 1's contains of 7 on n1 (op 4)`. */
  readonly who: string;
  /** With what it was told, such as `… found it`. */
  readonly told: string;
}

function describeTold({ columns, kind }: SetHistory, row: number, element: string): Told {
  const operation = operationAt(columns, row);
  const sort = kind[row] ?? 0;
  const isWhole = operation.f === 'read';
  const who = isWhole ? describeOperation(operation) : describeMutation(operation);
  const isFound = sort === elementKind.found || sort === elementKind.toldRemove;
  const isMissed = sort === elementKind.missed || sort === elementKind.toldAdd;
  // A whole read does not name the element by itself.
  if (isWhole) return { who, told: `${who} ${isFound ? 'showed' : 'did not show'} ${element}` };
  if (isFound) return { who, told: `${who} found it` };
  return { who, told: isMissed ? `${who} did not find it` : who };
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
