/**
 * What the check of an append-only list found, in words and in the few operations that prove it.
 *
 * With a read in the core stand the appends of all that it holds, unless it is a read of what
 * nobody appended.
 */
import { type Columns, none, operationAt } from '../columns.ts';
import {
  describeDistance,
  describeMutation,
  describeOperation,
  describeValue,
} from '../describe-operation.ts';
import type { FastInput, Finding } from '../model.ts';
import { type Sequence, type SequenceConflict, supportOf } from './fetch-sequence.ts';
import type { ListHistory } from './list-append.ts';
import type { MisplacedElement } from './list-places.ts';
import { coreOf } from './ranks.ts';
import { elementsRead } from './set-elements.ts';
import { describePhantom } from './set-phantom.ts';

export type ListConflict =
  /** An append that was told a length which no list has after it. */
  | { readonly type: 'length'; readonly row: number }
  | { readonly type: 'phantom'; readonly row: number; readonly element: unknown }
  | { readonly type: 'duplicate'; readonly row: number; readonly element: unknown }
  /** Two reads that differ at a place that both have. */
  | { readonly type: 'fork'; readonly one: number; readonly other: number; readonly at: number }
  | MisplacedElement
  | {
      readonly type: 'places';
      readonly sequence: Sequence;
      readonly conflict: SequenceConflict;
    };

export function describeListConflict(
  input: FastInput,
  list: ListHistory,
  conflict: ListConflict,
): Finding {
  switch (conflict.type) {
    case 'phantom':
      return describePhantom(input, { ...conflict, writer: 'append' });
    case 'length':
      return describeLength(list.columns, conflict.row);
    case 'duplicate':
      return describeDuplicate(list, conflict.row, conflict.element);
    case 'fork':
      return describeFork(list, conflict);
    case 'misplaced':
      return describeMisplaced(list, conflict);
    case 'places':
      return describePlaces(list, conflict.sequence, conflict.conflict);
    default:
      return conflict;
  }
}

function describeLength(columns: Columns, row: number): Finding {
  const append = operationAt(columns, row);
  return {
    kind: 'misplaced-element',
    sentence:
      `${describeMutation(append)} answered a length of ${describeValue(append.output)}, ` +
      'which no list has after an append.',
    core: [append],
  };
}

function describeDuplicate(list: ListHistory, row: number, value: unknown): Finding {
  const { columns } = list;
  const elements = elementsRead(columns, row).map(list.find);
  const element = list.find(value);
  const times = elements.filter((other) => other === element).length;
  const appends = list.writerCount[element] === 1 ? 'once' : `${list.writerCount[element]} times`;
  return {
    kind: 'duplicate-element',
    sentence:
      `${describeOperation(operationAt(columns, row))} showed ${describeValue(value)} ${times} ` +
      `times, but it was appended only ${appends}.`,
    core: coreOf(columns, [row], writersOf(list, [row])),
  };
}

function describeLengthOf(output: unknown): string {
  return output === null ? 'nothing' : `a length of ${describeValue(output)}`;
}

type Fork = ListConflict & { readonly type: 'fork' };

function describeFork(list: ListHistory, { one, other, at }: Fork): Finding {
  const { columns } = list;
  const [first, second] =
    returnOf(columns, one) <= returnOf(columns, other) ? [one, other] : [other, one];
  const early = operationAt(columns, first);
  const late = operationAt(columns, second);
  const earlyElement = elementsRead(columns, first)[at];
  const lateElement = elementsRead(columns, second)[at];
  const has = (row: number, value: unknown): boolean =>
    elementsRead(columns, row).some((element) => list.find(element) === list.find(value));
  const isReordered = has(first, lateElement) || has(second, earlyElement);
  const isAfter = late.call > (early.return ?? 0);
  const when = isAfter
    ? `the first had completed ${describeDistance(early, late)} before the second began`
    : 'they overlapped';
  const split = isAfter ? 'lost-element' : 'split-brain';
  return {
    kind: isReordered ? 'reordered-elements' : split,
    sentence:
      `${describeOperation(early)} and ${describeOperation(late)} fork at index ${at}: the first ` +
      `has ${describeValue(earlyElement)} there, the second ${describeValue(lateElement)}; ` +
      `${when}.`,
    core: coreOf(columns, [first, second], writersOf(list, [first, second])),
  };
}

function describeMisplaced(list: ListHistory, { append, read, at }: MisplacedElement): Finding {
  const { columns } = list;
  const writer = operationAt(columns, append);
  const element = describeValue(elementsRead(columns, read)[at]);
  const shown = `${describeOperation(operationAt(columns, read))} showed ${element} at index ${at}`;
  return {
    kind: 'misplaced-element',
    sentence:
      list.told[append] === at
        ? `${describeMutation(writer)} answered ${describeLengthOf(writer.output)}, but ${shown}.`
        : `${shown}, but every append of ${element} that can have been there answered the length ` +
          'of another place.',
    core: coreOf(columns, [append, read], writersOf(list, [read])),
  };
}

function describePlaces(
  list: ListHistory,
  sequence: Sequence,
  conflict: SequenceConflict,
): Finding {
  const { columns } = list;
  if (conflict.type === 'order') {
    return describeOrder(list, sequence, [conflict.smaller, conflict.larger]);
  }
  const { row } = conflict;
  const told = operationAt(columns, row);
  if (conflict.type === 'overlap') {
    const rows = [conflict.first, row];
    return {
      kind: 'lost-update',
      sentence:
        `${describeMutation(operationAt(columns, conflict.first))} and ${describeMutation(told)} ` +
        `both answered a length of ${describeValue(told.output)}: one of them was lost.`,
      core: coreOf(columns, rows, supportOf(sequence, rows)),
    };
  }
  const { fillers } = sequence;
  const possible = fillers.filter(
    (filler) => (columns.call[filler] ?? 0) <= returnOf(columns, row),
  );
  return {
    kind: 'skipped-value',
    sentence:
      `${describeMutation(told)} answered ${describeLengthOf(told.output)}, but there are too ` +
      `few appends that can have put the elements from index ${conflict.from} on before it.`,
    core: coreOf(columns, [row], supportOf({ ...sequence, fillers: possible }, [row])),
  };
}

/** `late` must come before `early` in the list, but began after that had returned. */
function describeOrder(
  list: ListHistory,
  sequence: Sequence,
  [late, early]: readonly [number, number],
): Finding {
  const { columns, elementOf } = list;
  const lateRecord = operationAt(columns, late);
  const earlyRecord = operationAt(columns, early);
  const isLateRead = elementOf[late] === none;
  const isEarlyRead = elementOf[early] === none;
  const when = `completed ${describeDistance(earlyRecord, lateRecord)} before`;
  const named = [late, early];
  if (isLateRead && isEarlyRead) {
    return {
      kind: 'non-monotonic-read',
      sentence:
        `${describeOperation(lateRecord)} returned ${list.told[late]} elements, although ` +
        `${describeOperation(earlyRecord)} had returned ${list.told[early]} and ${when} it began.`,
      core: coreOf(columns, named, writersOf(list, named)),
    };
  }
  if (isEarlyRead) {
    return {
      kind: 'future-read',
      sentence:
        `${describeOperation(earlyRecord)} showed the element of ` +
        `${describeMutation(lateRecord)}, although it had ${when} that began.`,
      core: coreOf(columns, named, [...writersOf(list, [early]), ...supportOf(sequence, named)]),
    };
  }
  const isUnseen = !((sequence.seen[early] ?? Number.NaN) < list.longestElements.length);
  if (isLateRead) {
    const seen = isUnseen ? 'and nobody ever saw it' : 'which others saw later';
    return {
      kind: isUnseen ? 'lost-element' : 'stale-read',
      sentence:
        `${describeOperation(lateRecord)} did not show the element of ` +
        `${describeMutation(earlyRecord)}, ${seen}, although that had ${when} it began.`,
      core: coreOf(columns, named, writersOf(list, [late])),
    };
  }
  const shown = Number.isNaN(list.told[late] ?? 0) || !isTold(list, early);
  const read = shown ? shortestReadWith(list, sequence, [late, early]) : none;
  const reads = read === none ? [] : [read];
  return {
    kind:
      isUnseen && Number.isNaN(sequence.seen[early] ?? 0) ? 'lost-element' : 'reordered-elements',
    sentence:
      `The element of ${describeMutation(earlyRecord)} is not before that of ` +
      `${describeMutation(lateRecord)}, although it had ${when} that began.`,
    core: coreOf(
      columns,
      [...named, ...reads],
      [...writersOf(list, reads), ...supportOf(sequence, [...named, ...reads])],
    ),
  };
}

function isTold(list: ListHistory, row: number): boolean {
  return !Number.isNaN(list.told[row] ?? 0);
}

/** The shortest read that shows `late`, and `early` too if somebody saw it. */
function shortestReadWith(
  { answers, told, longest, longestElements }: ListHistory,
  { seen }: Sequence,
  [late, early]: readonly [number, number],
): number {
  const isSeen = (row: number): boolean => (seen[row] ?? Number.NaN) < longestElements.length;
  // Behind all that was seen: that there is no room before it, the longest read shows.
  if (!isSeen(late)) return longest;
  const last = Math.max(seen[late] ?? 0, isSeen(early) ? (seen[early] ?? 0) : 0);
  let best: number = none;
  for (const row of answers.rows) {
    const length = told[row] ?? 0;
    if (length > last && (best === none || length < (told[best] ?? 0))) best = row;
  }
  return best;
}

/** All appends of the elements that these reads hold. */
function writersOf(list: ListHistory, reads: readonly number[]): number[] {
  const rows: number[] = [];
  for (const read of reads) {
    for (const value of elementsRead(list.columns, read)) {
      let row = list.firstWriter[list.find(value)] ?? none;
      for (; row !== none; row = list.nextWriter[row] ?? none) rows.push(row);
    }
  }
  return rows;
}

function returnOf(columns: Columns, row: number): number {
  return columns.return[row] ?? 0;
}
