/**
 * What each operation on a set comes to for its element, read off its answer once.
 */
import { type Columns, neverReturned, none, swapOutcome } from '../columns.ts';

export const elementKind = {
  /** Tells nothing and does nothing, such as an open `contains`; or a whole read. */
  nothing: 0,
  /** An add that did not tell whether the element was there. */
  untoldAdd: 1,
  /** An add that found it absent. */
  toldAdd: 2,
  openAdd: 3,
  untoldRemove: 4,
  /** A remove that found it there. */
  toldRemove: 5,
  openRemove: 6,
  /** Shows that it was there: `contains`, or an add that found it. */
  found: 7,
  /** Shows that it was not: `contains`, or a remove that did not find it. */
  missed: 8,
} as const;

export function isAdd(kind: number): boolean {
  return kind >= elementKind.untoldAdd && kind <= elementKind.openAdd;
}

export function isRemove(kind: number): boolean {
  return kind >= elementKind.untoldRemove && kind <= elementKind.openRemove;
}

export function createKinds(columns: Columns): Uint8Array {
  const { f, output, outcome, tables } = columns;
  const adds = tables.functions.indexOf('add');
  const removes = tables.functions.indexOf('remove');
  const contains = tables.functions.indexOf('contains');
  const yes = tables.values.find(true);
  const no = tables.values.find(false);
  const kinds = new Uint8Array(columns.count);
  for (let row = 0; row < columns.count; row += 1) {
    const isOpen = columns.return[row] === neverReturned;
    const isTold = !isOpen && outcome[row] === swapOutcome.untold;
    const said = isTold ? (output[row] ?? none) : none;
    // The element itself, repeated, is no answer; `contains` has no other one.
    const isEcho = said === columns.argument[row] && columns.argument2[row] === none;
    const answer = isEcho && f[row] !== contains ? none : said;
    const isYes = answer !== none && answer === yes;
    const isNo = answer !== none && answer === no;
    if (f[row] === adds) kinds[row] = kindOfAdd(isOpen, isYes, isNo);
    else if (f[row] === removes) kinds[row] = kindOfRemove(isOpen, isYes, isNo);
    else if (f[row] === contains && isYes) kinds[row] = elementKind.found;
    else if (f[row] === contains && isNo) kinds[row] = elementKind.missed;
  }
  return kinds;
}

function kindOfAdd(isOpen: boolean, isYes: boolean, isNo: boolean): number {
  if (isOpen) return elementKind.openAdd;
  if (isYes) return elementKind.toldAdd;
  return isNo ? elementKind.found : elementKind.untoldAdd;
}

function kindOfRemove(isOpen: boolean, isYes: boolean, isNo: boolean): number {
  if (isOpen) return elementKind.openRemove;
  if (isYes) return elementKind.toldRemove;
  return isNo ? elementKind.missed : elementKind.untoldRemove;
}
