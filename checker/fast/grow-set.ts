/**
 * A set that only grows, read as a whole, in the time that it takes to look at what was read.
 *
 * Each read must include every smaller one, so the reads have an order, and an element comes
 * between the last read without it and the first with it. Of several adds of one element the one
 * invoked first can be taken for the one that brought it: where another add does, this one can
 * stand just before it. The rest of them, and what nobody saw, need only come behind the last read
 * without the element.
 */
import { type Columns, neverReturned, none } from '../columns.ts';
import type { FastInput, FastResult } from '../model.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { describeGrowSetConflict, type GrowSetConflict } from './grow-set-conflict.ts';
import { findRankConflict, latestCalls, rowsByRank } from './ranks.ts';
import {
  type Answers,
  collectAnswers,
  createElements,
  type Elements,
  elementsRead,
} from './set-elements.ts';

/** The adds and the reads of a set. */
export interface GrowSetHistory {
  readonly columns: Columns;
  readonly elements: Elements;
  readonly answers: Answers;
  /** By element, the add that was invoked first. */
  readonly firstAdd: Int32Array;
}

/** Reads of one and the same set are a group; groups are numbered upwards by size. */
export interface Groups {
  readonly count: number;
  /** By answer. */
  readonly ofAnswer: Int32Array;
  /** By element, the first group that has it; the count of groups when none has. */
  readonly ofElement: Int32Array;
}

export function checkGrowSet(input: FastInput): FastResult {
  const history = createGrowSetHistory(input.columns);
  const invalid = (conflict: GrowSetConflict, groups: Groups | null): FastResult => ({
    type: 'invalid',
    finding: describeGrowSetConflict({ input, history, groups }, conflict),
  });
  const strange = findStrangeAnswer(history);
  if (strange !== null) return invalid(strange, null);
  const grouping = groupAnswers(history);
  if (grouping.conflict !== null) return invalid(grouping.conflict, null);
  const { groups } = grouping;
  const ranks = rankRows(history, groups);
  const sorted = rowsByRank(ranks);
  const conflict = findRankConflict(history.columns, sorted, ranks);
  if (conflict !== null) return invalid({ type: 'order', ...conflict }, groups);
  const late = placeLateAdds({ history, groups, sorted, ranks });
  if (late.conflict !== null) return invalid(late.conflict, groups);
  return { type: 'valid', order: late.order };
}

export function createGrowSetHistory(columns: Columns): GrowSetHistory {
  const elements = createElements(columns);
  const adds = columns.tables.functions.indexOf('add');
  const firstAdd = new Int32Array(elements.count).fill(none);
  for (let row = columns.count - 1; row >= 0; row -= 1) {
    if (columns.f[row] === adds) firstAdd[elements.ofRow[row] ?? 0] = row;
  }
  return { columns, elements, answers: collectAnswers(columns), firstAdd };
}

/** An answer with an element of nobody, or with one twice. */
export function findStrangeAnswer(history: GrowSetHistory): GrowSetConflict | null {
  const { columns, elements, answers, firstAdd } = history;
  const seenIn = new Int32Array(elements.count).fill(none);
  for (const row of answers.rows) {
    for (const value of elementsRead(columns, row)) {
      const element = elements.find(value);
      if (element === none || firstAdd[element] === none) {
        return { type: 'phantom', row, element: value };
      }
      if (seenIn[element] === row) return { type: 'duplicate', row, element: value };
      seenIn[element] = row;
    }
  }
  return null;
}

type Grouping =
  | { readonly conflict: null; readonly groups: Groups }
  | { readonly conflict: GrowSetConflict };

function groupAnswers(history: GrowSetHistory): Grouping {
  const { columns, elements, answers } = history;
  const sizes = Int32Array.from(answers.rows, (row) => elementsRead(columns, row).length);
  const ofElement = new Int32Array(elements.count).fill(none);
  const ofAnswer = new Int32Array(answers.rows.length);
  let group = none;
  let size = 0;
  let previous: number = none;
  for (const answer of rowsSortedBy(sizes)) {
    const row = answers.rows[answer] ?? 0;
    // An answer that has more than the one before it begins a group.
    const isLarger = previous === none || (sizes[answer] ?? 0) > size;
    const next = isLarger ? group + 1 : group;
    let old = 0;
    for (const value of elementsRead(columns, row)) {
      const element = elements.find(value);
      if (ofElement[element] === none) ofElement[element] = next;
      else old += 1;
    }
    if (old !== size) return { conflict: { type: 'incomparable', one: previous, other: row } };
    ofAnswer[answer] = next;
    group = next;
    size = sizes[answer] ?? 0;
    previous = row;
  }
  const count = group + 1;
  for (let element = 0; element < ofElement.length; element += 1) {
    if (ofElement[element] === none) ofElement[element] = count;
  }
  return { conflict: null, groups: { count, ofAnswer, ofElement } };
}

/** Reads and the first adds of what they saw; all others have no rank. */
function rankRows(history: GrowSetHistory, groups: Groups): Float64Array {
  const { columns, elements, answers, firstAdd } = history;
  const ranks = new Float64Array(columns.count).fill(-1);
  for (let row = 0; row < columns.count; row += 1) {
    const answer = answers.ofRow[row] ?? none;
    if (answer !== none) ranks[row] = 2 * (groups.ofAnswer[answer] ?? 0) + 1;
    const element = elements.ofRow[row] ?? none;
    if (element === none || firstAdd[element] !== row) continue;
    const group = groups.ofElement[element] ?? 0;
    if (group < groups.count) ranks[row] = 2 * group;
  }
  return ranks;
}

interface Ranked {
  readonly history: GrowSetHistory;
  readonly groups: Groups;
  readonly sorted: Uint32Array;
  readonly ranks: Float64Array;
}

type LatePlaces =
  | { readonly conflict: null; readonly order: Uint32Array }
  | { readonly conflict: GrowSetConflict };

/**
 * Completed adds without a rank go behind the last read without their element, and no earlier
 * than what had returned before they began. Those that stand before that place were all invoked
 * before they returned, so nobody is overtaken.
 */
function placeLateAdds({ history, groups, sorted, ranks }: Ranked): LatePlaces {
  const { columns, elements, answers } = history;
  const latest = latestCalls(columns, sorted);
  const ends = findGroupEnds(sorted, ranks, groups.count);
  const late = new Uint32Array(columns.count);
  const keys = new Float64Array(columns.count);
  let size = sorted.length;
  for (let at = 0; at < size; at += 1) keys[at] = 2 * (latest[at] ?? 0);
  for (let row = 0; row < columns.count; row += 1) {
    const isRanked = (ranks[row] ?? 0) >= 0 || answers.ofRow[row] !== none;
    if (isRanked || columns.return[row] === neverReturned) continue;
    const group = groups.ofElement[elements.ofRow[row] ?? 0] ?? 0;
    const end = group === 0 ? 0 : (ends[group - 1] ?? 0);
    const behind = end === 0 ? -1 : (latest[end - 1] ?? -1);
    if ((columns.return[row] ?? 0) < behind) {
      const smaller = sorted.subarray(0, end).find((other) => columns.call[other] === behind) ?? 0;
      return { conflict: { type: 'order', smaller, larger: row } };
    }
    late[size - sorted.length] = row;
    keys[size] = 2 * Math.max(behind, columns.call[row] ?? 0) + 1;
    size += 1;
  }
  if (size === sorted.length) return { conflict: null, order: sorted };
  const places = rowsSortedBy(keys.subarray(0, size));
  const order = places.map((at) =>
    at < sorted.length ? (sorted[at] ?? 0) : (late[at - sorted.length] ?? 0),
  );
  return { conflict: null, order };
}

/** By group, how many rows there are up to its last read. */
function findGroupEnds(sorted: Uint32Array, ranks: Float64Array, count: number): Int32Array {
  const ends = new Int32Array(count);
  for (let at = 0; at < sorted.length; at += 1) {
    const rank = ranks[sorted[at] ?? 0] ?? 0;
    if (rank % 2 === 1) ends[(rank - 1) / 2] = at + 1;
  }
  return ends;
}
