/**
 * A set with add, remove and contains: every element is an object of its own. [HK15]
 *
 * Decides element by element and puts their orders together. Whole reads tie the elements to each
 * other: then what each element alone refuses is refused, and nothing is accepted; but without
 * removes and answers to adds it is a set that only grows, which is decided.
 */
import { type Columns, neverReturned, none } from '../columns.ts';
import type { FastInput, FastResult } from '../model.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import {
  checkGrowSet,
  createGrowSetHistory,
  findStrangeAnswer,
  type GrowSetHistory,
} from './grow-set.ts';
import { describeGrowSetConflict } from './grow-set-conflict.ts';
import { describeElementConflict } from './set-conflict.ts';
import { createElements, elementsRead } from './set-elements.ts';
import { decideElement, type ElementResult, elementRank } from './set-elementwise.ts';
import { createKinds, elementKind } from './set-kinds.ts';

/** Elements times whole reads; more than this is not looked at. */
const projectionsMax = 20_000_000;

/** The rows on each element, by invocation. */
export interface SetHistory {
  readonly columns: Columns;
  readonly kind: Uint8Array;
  /** The number of the element of each row; `none` for a whole read. */
  readonly elementOf: Int32Array;
  rowsOf(element: number): Int32Array;
  readonly elementCount: number;
}

export function checkSet(input: FastInput): FastResult {
  const { columns } = input;
  const kind = createKinds(columns);
  if (hasWholeReads(columns)) return checkWithReads(input, kind);
  const set = createSetHistory(columns, kind);
  const ranks = new Int8Array(columns.count).fill(elementRank.left);
  let isDecided = true;
  for (let element = 0; element < set.elementCount; element += 1) {
    const result = decideElement({ columns, kind, rows: set.rowsOf(element), ranks });
    if (result.type === 'undecided') isDecided = false;
    else if (result.type !== 'valid') return describe({ input, set, reads: null }, result);
  }
  return isDecided
    ? { type: 'valid', order: mergeElements(set, ranks) }
    : { type: 'undecided', reason: 'an element was added or removed more than once' };
}

/** The elements by row, for those who divide a set; null when a whole read forbids it. */
export function elementParts(columns: Columns): Int32Array | null {
  if (hasWholeReads(columns)) return null;
  // An open whole read tells nothing and may go anywhere.
  return createElements(columns).ofRow.map((element) => Math.max(0, element));
}

/** Completed ones: the others tell nothing. */
function hasWholeReads({ count, f, return: ends, tables }: Columns): boolean {
  const reads = tables.functions.indexOf('read');
  if (reads < 0) return false;
  for (let row = 0; row < count; row += 1) {
    if (f[row] === reads && ends[row] !== neverReturned) return true;
  }
  return false;
}

function createSetHistory(columns: Columns, kind: Uint8Array): SetHistory {
  const { ofRow, count: elementCount } = createElements(columns);
  const starts = new Int32Array(elementCount + 1);
  for (const element of ofRow) {
    if (element !== none) starts[element + 1] = (starts[element + 1] ?? 0) + 1;
  }
  for (let element = 0; element < elementCount; element += 1) {
    starts[element + 1] = (starts[element + 1] ?? 0) + (starts[element] ?? 0);
  }
  const rows = new Int32Array(starts[elementCount] ?? 0);
  const filled = starts.slice();
  for (let row = 0; row < columns.count; row += 1) {
    const element = ofRow[row] ?? none;
    if (element === none) continue;
    rows[filled[element] ?? 0] = row;
    filled[element] = (filled[element] ?? 0) + 1;
  }
  const rowsOf = (element: number): Int32Array =>
    rows.subarray(starts[element] ?? 0, starts[element + 1] ?? 0);
  return { columns, kind, elementOf: ofRow, rowsOf, elementCount };
}

/** One order of all elements out of the ranks that each has for its rows. */
function mergeElements(set: SetHistory, ranks: Int8Array): Uint32Array {
  const { columns } = set;
  const sequence = new Uint32Array(columns.count);
  const keys = new Int32Array(columns.count);
  let size = 0;
  for (let element = 0; element < set.elementCount; element += 1) {
    const rows = set.rowsOf(element);
    // As in `latestCalls`: the latest invocation so far, of this element's order.
    let latest = -1;
    for (let rank: number = elementRank.before; rank <= elementRank.after; rank += 1) {
      for (const row of rows) {
        if (ranks[row] !== rank) continue;
        latest = Math.max(latest, columns.call[row] ?? 0);
        sequence[size] = row;
        keys[size] = latest;
        size += 1;
      }
    }
  }
  return rowsSortedBy(keys.subarray(0, size)).map((at) => sequence[at] ?? 0);
}

function checkWithReads(input: FastInput, kind: Uint8Array): FastResult {
  const { columns } = input;
  const isGrowing = kind.every(
    (sort) =>
      sort === elementKind.nothing ||
      sort === elementKind.untoldAdd ||
      sort === elementKind.openAdd,
  );
  if (isGrowing) return checkGrowSet(input);
  const history = createGrowSetHistory(columns);
  const strange = findStrangeAnswer(history);
  if (strange !== null) {
    const finding = describeGrowSetConflict({ input, history, groups: null }, strange);
    return { type: 'invalid', finding };
  }
  const refused = refuseByElement(input, kind, history);
  return refused ?? { type: 'undecided', reason: 'whole reads of a set with removes' };
}

/** Each element alone, whole reads taken as `contains`. */
function refuseByElement(
  input: FastInput,
  kind: Uint8Array,
  history: GrowSetHistory,
): FastResult | null {
  const { columns } = input;
  const set = createSetHistory(columns, kind);
  const { answers, elements } = history;
  const reads: number[] = [];
  answers.ofRow.forEach((answer, row) => {
    if (answer !== none) reads.push(row);
  });
  if (set.elementCount * reads.length > projectionsMax) return null;
  const holders: number[][] = Array.from({ length: set.elementCount }, () => []);
  answers.rows.forEach((row, answer) => {
    for (const value of elementsRead(columns, row)) holders[elements.find(value)]?.push(answer);
  });
  const heldBy = new Int32Array(answers.rows.length).fill(none);
  const ranks = new Int8Array(columns.count);
  for (let element = 0; element < set.elementCount; element += 1) {
    for (const answer of holders[element] ?? []) heldBy[answer] = element;
    for (const row of reads) {
      const isHeld = heldBy[answers.ofRow[row] ?? 0] === element;
      kind[row] = isHeld ? elementKind.found : elementKind.missed;
    }
    const rows = Int32Array.from([...set.rowsOf(element), ...reads]).sort();
    const result = decideElement({ columns, kind, rows, ranks });
    if (result.type === 'valid' || result.type === 'undecided') continue;
    return describe({ input, set, reads: history }, result);
  }
  return null;
}

type Refusal = Exclude<ElementResult, { readonly type: 'valid' | 'undecided' }>;

function describe(
  context: Parameters<typeof describeElementConflict>[0],
  result: Refusal,
): FastResult {
  return { type: 'invalid', finding: describeElementConflict(context, result) };
}
