/**
 * An append-only list with whole reads, in the time that it takes to look at what was read.
 *
 * The longest read says where each element stands; every other read must be the beginning of it.
 * Then appends and reads have places in one growing number. An append that nobody saw and that
 * told no length comes behind all reads, or is left out when it is open. Elements that were
 * appended more than once are decided only when the answers tell which one is where.
 */
import { type Columns, neverReturned, none, swapOutcome } from '../columns.ts';
import type { FastInput, FastResult } from '../model.ts';
import { orderSequence, type Sequence } from './fetch-sequence.ts';
import { describeListConflict, type ListConflict } from './list-conflict.ts';
import { placeAppends } from './list-places.ts';
import {
  type Answers,
  argumentId,
  collectAnswers,
  createElements,
  elementsRead,
} from './set-elements.ts';

/** The appends and the reads of a list. */
export interface ListHistory {
  readonly columns: Columns;
  /** By row, the number of the element; `none` for a read. */
  readonly elementOf: Int32Array;
  readonly elementCount: number;
  find(value: unknown): number;
  readonly answers: Answers;
  /** Rows that append an element: the first one, and after each row the next; or `none`. */
  readonly firstWriter: Int32Array;
  readonly nextWriter: Int32Array;
  readonly writerCount: Int32Array;
  /** The row with the longest read; `none` without reads. */
  readonly longest: number;
  readonly longestElements: readonly unknown[];
  /** The place of a read, or of an append that told it; NaN when it is not known. */
  readonly told: Float64Array;
}

export function checkListAppend(input: FastInput): FastResult {
  const list = createListHistory(input.columns);
  const invalid = (conflict: ListConflict): FastResult => ({
    type: 'invalid',
    finding: describeListConflict(input, list, conflict),
  });
  const impossible = findImpossibleLength(list);
  if (impossible !== null) return invalid(impossible);
  const strange = findStrangeRead(list);
  if (strange !== null) return invalid(strange);
  const places = placeAppends(list);
  if (places.type === 'conflict') return invalid(places.conflict);
  if (places.type === 'ambiguous') {
    return { type: 'undecided', reason: 'an element that somebody saw was appended twice' };
  }
  const sequence = createSequence(list, places.seen);
  const result = orderSequence(sequence);
  switch (result.type) {
    case 'ordered':
      return { type: 'valid', order: result.order };
    case 'undecided':
      return { type: 'undecided', reason: 'the places of some appends are not known' };
    case 'conflict':
      return invalid({ type: 'places', sequence, conflict: result.conflict });
    default:
      return result;
  }
}

function createListHistory(columns: Columns): ListHistory {
  const { ofRow, count: elementCount, find } = createElements(columns);
  const answers = collectAnswers(columns);
  const firstWriter = new Int32Array(elementCount).fill(none);
  const nextWriter = new Int32Array(columns.count).fill(none);
  const writerCount = new Int32Array(elementCount);
  for (let row = columns.count - 1; row >= 0; row -= 1) {
    const element = ofRow[row] ?? none;
    if (element === none) continue;
    nextWriter[row] = firstWriter[element] ?? none;
    firstWriter[element] = row;
    writerCount[element] = (writerCount[element] ?? 0) + 1;
  }
  const lengths = answers.rows.map((row) => elementsRead(columns, row).length);
  let longestAnswer = none;
  lengths.forEach((length, answer) => {
    if (longestAnswer === none || length > (lengths[longestAnswer] ?? 0)) longestAnswer = answer;
  });
  const longest = answers.rows[longestAnswer] ?? none;
  return {
    columns,
    elementOf: ofRow,
    elementCount,
    find,
    answers,
    firstWriter,
    nextWriter,
    writerCount,
    longest,
    longestElements: longest === none ? [] : elementsRead(columns, longest),
    told: createTold(columns, answers, lengths),
  };
}

function createTold(columns: Columns, answers: Answers, lengths: readonly number[]): Float64Array {
  const { output, outcome, tables } = columns;
  const told = new Float64Array(columns.count).fill(Number.NaN);
  for (let row = 0; row < columns.count; row += 1) {
    const answer = answers.ofRow[row] ?? none;
    if (answer !== none) told[row] = lengths[answer] ?? 0;
    if (answer !== none || columns.return[row] === neverReturned) continue;
    const id = outcome[row] === swapOutcome.untold ? (output[row] ?? none) : none;
    // The element itself, repeated, is no length.
    const isEcho = id === argumentId(columns, row);
    const length = id <= 0 || isEcho ? null : tables.values.valueOf(id);
    if (typeof length === 'number') told[row] = length - 1;
  }
  return told;
}

/** An append that was told a length which no list has after it. */
function findImpossibleLength({ told, columns }: ListHistory): ListConflict | null {
  for (let row = 0; row < columns.count; row += 1) {
    const place = told[row] ?? Number.NaN;
    if (Number.isNaN(place) || (place >= 0 && Number.isSafeInteger(place))) continue;
    return { type: 'length', row };
  }
  return null;
}

/** A read with an element of nobody, or with one too often, or that is no beginning of the rest. */
function findStrangeRead(list: ListHistory): ListConflict | null {
  const { columns, longest, longestElements, answers } = list;
  if (longest === none) return null;
  const count = new Int32Array(list.elementCount);
  const bad = findBadElement(list, longest, count);
  if (bad !== null) return bad;
  for (const row of answers.rows) {
    const elements = elementsRead(columns, row);
    const at = findFork(elements, longestElements, list.find);
    if (at === none) continue;
    return (
      findBadElement(list, row, new Int32Array(list.elementCount)) ?? {
        type: 'fork',
        one: longest,
        other: row,
        at,
      }
    );
  }
  return null;
}

function findFork(
  elements: readonly unknown[],
  longest: readonly unknown[],
  find: (value: unknown) => number,
): number {
  if (elements === longest) return none;
  for (let at = 0; at < elements.length; at += 1) {
    const one = elements[at];
    const other = longest[at];
    if (one === other) continue;
    const isPlain = typeof one !== 'object' || typeof other !== 'object';
    if (isPlain || one === null || other === null || find(one) !== find(other)) return at;
  }
  return none;
}

function findBadElement(list: ListHistory, row: number, count: Int32Array): ListConflict | null {
  for (const value of elementsRead(list.columns, row)) {
    const element = list.find(value);
    if (element === none) return { type: 'phantom', row, element: value };
    count[element] = (count[element] ?? 0) + 1;
    if ((count[element] ?? 0) <= (list.writerCount[element] ?? 0)) continue;
    return { type: 'duplicate', row, element: value };
  }
  return null;
}

function createSequence({ columns, elementOf }: ListHistory, seen: Float64Array): Sequence {
  const step = new Float64Array(columns.count);
  const fillers: number[] = [];
  const last: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    if (elementOf[row] === none) continue;
    step[row] = 1;
    if (!Number.isNaN(seen[row] ?? Number.NaN)) continue;
    if (columns.return[row] === neverReturned) fillers.push(row);
    else last.push(row);
  }
  return { columns, seen, step, fillers, last, unit: 1 };
}
