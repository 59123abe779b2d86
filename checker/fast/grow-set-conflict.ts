/**
 * What the check of a growing set found, in words and in the few operations that prove it.
 *
 * With a read in the core stand the first adds of all that it holds, unless it is a read of what
 * nobody added.
 */
import { none, operationAt } from '../columns.ts';
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import type { Groups, GrowSetHistory } from './grow-set.ts';
import { coreOf } from './ranks.ts';
import { elementsRead } from './set-elements.ts';
import { describePhantom } from './set-phantom.ts';

export type GrowSetConflict =
  | { readonly type: 'phantom'; readonly row: number; readonly element: unknown }
  | { readonly type: 'duplicate'; readonly row: number; readonly element: unknown }
  /** Two reads of which each has an element that the other has not. */
  | { readonly type: 'incomparable'; readonly one: number; readonly other: number }
  /** `smaller` must come first, but `larger` had returned before it was invoked. */
  | { readonly type: 'order'; readonly smaller: number; readonly larger: number };

export interface GrowSetContext {
  readonly input: FastInput;
  readonly history: GrowSetHistory;
  readonly groups: Groups | null;
}

export function describeGrowSetConflict(
  context: GrowSetContext,
  conflict: GrowSetConflict,
): Finding {
  const { history } = context;
  switch (conflict.type) {
    case 'phantom':
      return describePhantom(context.input, { ...conflict, writer: 'add' });
    case 'duplicate':
      return describeDuplicate(history, conflict.row, conflict.element);
    case 'incomparable':
      return describeIncomparable(history, conflict.one, conflict.other);
    case 'order':
      return describeOrder(context, conflict.smaller, conflict.larger);
    default:
      return conflict;
  }
}

/** No set has an element twice, whoever added it. */
function describeDuplicate({ columns }: GrowSetHistory, row: number, value: unknown): Finding {
  const read = operationAt(columns, row);
  return {
    kind: 'duplicate-element',
    sentence: `${describeOperation(read)} showed ${describeValue(value)} more than once.`,
    core: [read],
  };
}

function describeIncomparable(history: GrowSetHistory, one: number, other: number): Finding {
  const { columns } = history;
  const isFirst = (columns.return[one] ?? 0) <= (columns.return[other] ?? 0);
  const [first, second] = isFirst ? [one, other] : [other, one];
  const early = operationAt(columns, first);
  const late = operationAt(columns, second);
  const missedLate = describeValue(missedBy(history, second, first));
  const missedEarly = describeValue(missedBy(history, first, second));
  const core = coreOf(columns, [one, other], addsOf(history, [one, other]));
  if (late.call > (early.return ?? 0)) {
    return {
      kind: 'lost-element',
      sentence:
        `${describeOperation(late)} did not show ${missedLate}, although ` +
        `${describeOperation(early)} had shown it and completed ` +
        `${describeDistance(early, late)} before it began.`,
      core,
    };
  }
  return {
    kind: 'split-brain',
    sentence:
      `${describeOperation(early)} showed ${missedLate} and not ${missedEarly}, ` +
      `${describeOperation(late)} showed ${missedEarly} and not ${missedLate}: neither can have ` +
      'come first.',
    core,
  };
}

/** An element that the one read shows and the other does not. */
function missedBy({ columns, elements }: GrowSetHistory, row: number, shownBy: number): unknown {
  const has = new Set(elementsRead(columns, row).map((value) => elements.find(value)));
  return elementsRead(columns, shownBy).find((value) => !has.has(elements.find(value)));
}

function describeOrder(context: GrowSetContext, smaller: number, larger: number): Finding {
  const { answers, columns } = context.history;
  const late = operationAt(columns, smaller);
  const early = operationAt(columns, larger);
  const when = `completed ${describeDistance(early, late)} before`;
  const isLateRead = answers.ofRow[smaller] !== none;
  const isEarlyRead = answers.ofRow[larger] !== none;
  if (!isEarlyRead) return describeMissed(context, { smaller, larger, late, early });
  const core = coreOf(columns, [smaller, larger], addsOf(context.history, [smaller, larger]));
  if (isLateRead) {
    const missed = describeValue(missedBy(context.history, smaller, larger));
    return {
      kind: 'non-monotonic-read',
      sentence:
        `${describeOperation(late)} did not show ${missed}, although ` +
        `${describeOperation(early)} had shown it and ${when} it began.`,
      core,
    };
  }
  return {
    kind: 'future-read',
    sentence:
      `${describeOperation(early)} showed the element of ${describeMutation(late)}, although it ` +
      `had ${when} that began.`,
    core,
  };
}

interface Missed {
  readonly smaller: number;
  readonly larger: number;
  /** The records of the two. */
  readonly late: Operation;
  readonly early: Operation;
}

/** An add that had completed before a read began without showing it, or before what it showed. */
function describeMissed(
  { history, groups }: GrowSetContext,
  { smaller, larger, late, early }: Missed,
): Finding {
  const { answers, columns, elements } = history;
  const when = `completed ${describeDistance(early, late)} before`;
  const group = groups?.ofElement[elements.ofRow[larger] ?? 0] ?? 0;
  const isUnseen = group === (groups?.count ?? 0);
  if (answers.ofRow[smaller] !== none) {
    const seen = isUnseen ? 'and nobody ever saw it' : 'which others saw later';
    return {
      kind: isUnseen ? 'lost-element' : 'stale-read',
      sentence:
        `${describeOperation(late)} did not show the element of ${describeMutation(early)}, ` +
        `${seen}, although that had ${when} it began.`,
      core: coreOf(columns, [smaller, larger], addsOf(history, [smaller])),
    };
  }
  const shown = groups?.ofElement[elements.ofRow[smaller] ?? 0] ?? 0;
  const read = answers.rows[groups?.ofAnswer.indexOf(shown) ?? 0] ?? 0;
  return {
    kind: isUnseen ? 'lost-element' : 'reordered-elements',
    sentence:
      `${describeOperation(operationAt(columns, read))} showed the element of ` +
      `${describeMutation(late)} and not that of ${describeMutation(early)}, although the ` +
      `latter had ${when} the former began.`,
    core: coreOf(columns, [smaller, larger, read], addsOf(history, [read])),
  };
}

/** For each element of these reads the add that was invoked first. */
function addsOf(history: GrowSetHistory, reads: readonly number[]): number[] {
  const rows: number[] = [];
  for (const read of reads) {
    if (history.answers.ofRow[read] === none) continue;
    for (const value of elementsRead(history.columns, read)) {
      const row = history.firstAdd[history.elements.find(value)] ?? none;
      if (row !== none) rows.push(row);
    }
  }
  return rows;
}
