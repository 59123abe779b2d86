/**
 * One element of a set: added, removed and looked for; O(operations on it).
 *
 * Exact when it was added and removed at most once each, or never removed. Then every order is:
 * those that missed it, the add, those that found it, the remove, those that missed it again. A
 * miss may stand on either side; before the add is as good as any place, if it is early enough.
 * A remove that told nothing may also have found nothing, and an open one may not have happened.
 */
import { type Columns, neverReturned, none } from '../columns.ts';
import { elementKind, isAdd, isRemove } from './set-kinds.ts';

/** Two rows of which `larger` should come last, but returned before `smaller` was invoked. */
export interface ElementConflict {
  readonly smaller: number;
  readonly larger: number;
  /** All rows that the contradiction rests on. */
  readonly rows: readonly number[];
}

export type ElementResult =
  /** `ranks` hold the places of the rows. */
  | { readonly type: 'valid' }
  | { readonly type: 'undecided' }
  /** It was found, or removed, and nobody can have added it. */
  | { readonly type: 'phantom'; readonly row: number }
  /** Two adds that both found it absent, and nobody removed it. */
  | { readonly type: 'double'; readonly rows: readonly [number, number] }
  | ({ readonly type: 'conflict' } & ElementConflict);

/** Ranks of an order; `left` of what did not happen. */
export const elementRank = { left: -1, before: 0, add: 1, found: 2, remove: 3, after: 4 } as const;

export interface ElementInput {
  readonly columns: Columns;
  /** By row, of `elementKind`. */
  readonly kind: Uint8Array;
  /** The rows of the element, by invocation. */
  readonly rows: Int32Array;
  /** By row; filled for the rows of the element. */
  readonly ranks: Int8Array;
}

/** What there is of each sort among the rows of an element. */
interface Census {
  adds: number;
  completedAdds: number;
  /** Rows, or `none`. */
  firstAdd: number;
  completedAdd: number;
  toldAdd: number;
  secondToldAdd: number;
  removes: number;
  completedRemoves: number;
  firstRemove: number;
  completedRemove: number;
  toldRemove: number;
  found: number;
}

const valid: ElementResult = { type: 'valid' };
const undecided: ElementResult = { type: 'undecided' };

export function decideElement(input: ElementInput): ElementResult {
  const census = takeCensus(input);
  const evidence = census.found === none ? census.toldRemove : census.found;
  if (census.completedAdds === 0 && evidence === none) {
    rankAll(input, (kind) =>
      kind === elementKind.openAdd || kind === elementKind.openRemove
        ? elementRank.left
        : elementRank.before,
    );
    return valid;
  }
  if (census.adds === 0) return { type: 'phantom', row: evidence };
  if (census.secondToldAdd !== none && census.removes === 0) {
    return { type: 'double', rows: [census.toldAdd, census.secondToldAdd] };
  }
  // Of two adds that found it absent both can be right only with a remove between them.
  if (census.secondToldAdd !== none) return undecided;
  const mayStay = census.toldRemove === none;
  const kept = mayStay ? tryNeverRemoved(input, census) : null;
  if (mayStay && kept === null) return valid;
  if (kept !== null && census.removes === 0) return { type: 'conflict', ...kept };
  if (census.completedAdds > 1 || census.completedRemoves > 1) return undecided;
  const removed = tryRemoved(input, census);
  if (removed === null) return valid;
  if (census.adds > 1 || census.removes > 1) return undecided;
  return { type: 'conflict', ...removed, rows: [...removed.rows, ...(kept?.rows ?? [])] };
}

function takeCensus({ columns, kind, rows }: ElementInput): Census {
  const census: Census = {
    adds: 0,
    completedAdds: 0,
    firstAdd: none,
    completedAdd: none,
    toldAdd: none,
    secondToldAdd: none,
    removes: 0,
    completedRemoves: 0,
    firstRemove: none,
    completedRemove: none,
    toldRemove: none,
    found: none,
  };
  for (const row of rows) {
    const sort = kind[row] ?? 0;
    const isOpen = columns.return[row] === neverReturned;
    if (isAdd(sort)) {
      census.adds += 1;
      if (census.firstAdd === none) census.firstAdd = row;
      if (isOpen) continue;
      census.completedAdds += 1;
      census.completedAdd = row;
      if (sort !== elementKind.toldAdd) continue;
      if (census.toldAdd === none) census.toldAdd = row;
      else census.secondToldAdd = row;
    } else if (isRemove(sort)) {
      census.removes += 1;
      if (census.firstRemove === none) census.firstRemove = row;
      if (isOpen) continue;
      census.completedRemoves += 1;
      census.completedRemove = row;
      if (sort === elementKind.toldRemove) census.toldRemove = row;
    } else if (sort === elementKind.found) {
      census.found = row;
    }
  }
  return census;
}

/**
 * Nobody removed it after it was added: what missed it comes first, then the add that brought it.
 * That is the one which was told so; else the one invoked first can stand before any other.
 */
function tryNeverRemoved(input: ElementInput, census: Census): ElementConflict | null {
  const first = census.toldAdd === none ? census.firstAdd : census.toldAdd;
  rankAll(input, (kind, row) => {
    if (row === first) return elementRank.add;
    if (kind === elementKind.openAdd || kind === elementKind.openRemove) return elementRank.left;
    const isThere = kind === elementKind.found || isAdd(kind);
    return isThere ? elementRank.found : elementRank.before;
  });
  const conflict = findConflict(input);
  if (conflict === null) return null;
  return { ...conflict, rows: [first, census.firstAdd, conflict.smaller, conflict.larger] };
}

/** One add and one remove after it; each miss before the add if it began early enough. */
function tryRemoved(input: ElementInput, census: Census): ElementConflict | null {
  const { columns, kind, rows } = input;
  const add = census.completedAdd === none ? census.firstAdd : census.completedAdd;
  const isDone = census.completedRemove !== none;
  const remove = isDone ? census.completedRemove : census.firstRemove;
  // The latest point at which it can have been added, and the row that says so.
  let pin = add;
  for (const row of rows) {
    if (row !== remove && kind[row] !== elementKind.found) continue;
    if ((columns.return[row] ?? 0) < (columns.return[pin] ?? 0)) pin = row;
  }
  const latest = columns.return[pin] ?? 0;
  rankAll(input, (sort, row) => {
    if (row === add) return elementRank.add;
    if (row === remove) return elementRank.remove;
    if (sort === elementKind.openAdd || sort === elementKind.openRemove) return elementRank.left;
    if (sort === elementKind.found) return elementRank.found;
    return (columns.call[row] ?? 0) <= latest ? elementRank.before : elementRank.after;
  });
  const conflict = findConflict(input);
  if (conflict === null) return null;
  return { ...conflict, rows: [add, remove, pin, conflict.smaller, conflict.larger] };
}

function rankAll(
  { kind, ranks, rows }: ElementInput,
  rankOf: (kind: number, row: number) => number,
): void {
  for (const row of rows) {
    const sort = kind[row] ?? 0;
    ranks[row] = sort === elementKind.nothing ? elementRank.left : rankOf(sort, row);
  }
}

interface RankPair {
  readonly smaller: number;
  readonly larger: number;
}

/** The rank test for so few ranks: no sorting, one pass each. */
function findConflict({ columns, ranks, rows }: ElementInput): RankPair | null {
  let latest = none;
  for (let rank = 0; rank <= elementRank.after; rank += 1) {
    let latestHere = latest;
    for (const row of rows) {
      if (ranks[row] !== rank) continue;
      const isLate = latest !== none && (columns.return[row] ?? 0) < (columns.call[latest] ?? 0);
      if (isLate) return { smaller: latest, larger: row };
      const call = columns.call[row] ?? 0;
      if (latestHere === none || call > (columns.call[latestHere] ?? 0)) latestHere = row;
    }
    latest = latestHere;
  }
  return null;
}
