/**
 * Which append put which element of the longest read there: by what it told, else by its element.
 */
import { none } from '../columns.ts';
import type { ListHistory } from './list-append.ts';

export type Places =
  /** By row, the place of a read or of an append; NaN for an append that nobody saw. */
  | { readonly type: 'placed'; readonly seen: Float64Array }
  | { readonly type: 'conflict'; readonly conflict: MisplacedElement }
  /** Several appends may have put one element where it was seen. */
  | { readonly type: 'ambiguous' };

/** The append told another place than that where a read shows its element. */
export interface MisplacedElement {
  readonly type: 'misplaced';
  readonly append: number;
  readonly read: number;
  /** The place in the read that does not fit. */
  readonly at: number;
}

export function placeAppends(list: ListHistory): Places {
  const seen = list.told.slice();
  const elements = Int32Array.from(list.longestElements, list.find);
  const isClaimed = new Uint8Array(elements.length);
  for (let row = 0; row < seen.length; row += 1) {
    const element = list.elementOf[row] ?? none;
    const place = seen[row] ?? Number.NaN;
    if (element === none || !(place < elements.length)) continue;
    if (elements[place] !== element) return misplaced(list, row, place);
    isClaimed[place] = 1;
  }
  return placeUntold(list, seen, { elements, isClaimed });
}

interface Longest {
  readonly elements: Int32Array;
  readonly isClaimed: Uint8Array;
}

function placeUntold(
  list: ListHistory,
  seen: Float64Array,
  { elements, isClaimed }: Longest,
): Places {
  const wanted = new Int32Array(list.elementCount);
  for (let at = 0; at < elements.length; at += 1) {
    if (isClaimed[at] === 1) continue;
    const element = elements[at] ?? 0;
    wanted[element] = (wanted[element] ?? 0) + 1;
  }
  let isAmbiguous = false;
  for (let at = 0; at < elements.length; at += 1) {
    if (isClaimed[at] === 1) continue;
    const element = elements[at] ?? 0;
    const first = list.firstWriter[element] ?? none;
    let writer = none;
    let writers = 0;
    for (let row = first; row !== none; row = list.nextWriter[row] ?? none) {
      if (!Number.isNaN(list.told[row] ?? 0)) continue;
      writer = row;
      writers += 1;
    }
    if (writers < (wanted[element] ?? 0)) return misplaced(list, first, at);
    if (writers > 1) isAmbiguous = true;
    else seen[writer] = at;
  }
  return isAmbiguous ? { type: 'ambiguous' } : { type: 'placed', seen };
}

function misplaced({ longest: read }: ListHistory, append: number, at: number): Places {
  return { type: 'conflict', conflict: { type: 'misplaced', append, read, at } };
}
