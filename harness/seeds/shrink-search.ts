/**
 * The two searches that shrinking is made of: which items of a list are needed, and how small a
 * number may be. Pure; the answers of `holds` are all they know.
 *
 * The first is Zeller and Hildebrandt's ddmin: what it returns cannot do without any single item,
 * if `holds` answers by the items alone and is never refused.
 */

/** Whether what is left still shows what it is about. */
export type Holds<T> = (candidate: T) => Promise<boolean>;

/**
 * The items of a smallest list for which `holds`, in their order. `holds(items)` is taken for
 * granted; the list that comes back is `items`, or one for which `holds` said so.
 */
export async function neededItems<T>(
  items: readonly T[],
  holds: Holds<readonly T[]>,
): Promise<readonly T[]> {
  if (items.length === 0 || (await holds([]))) return [];
  let left = items;
  let parts = 2;
  while (left.length > 1) {
    const smaller = await withoutPart(left, parts, holds);
    if (smaller !== null) {
      left = smaller;
      parts = Math.max(2, parts - 1);
    } else if (parts >= left.length) {
      return left;
    } else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** One of the parts alone, or all but one of them; null when each is needed. */
async function withoutPart<T>(
  items: readonly T[],
  parts: number,
  holds: Holds<readonly T[]>,
): Promise<readonly T[] | null> {
  const edges = Array.from({ length: parts + 1 }, (_, at) =>
    Math.round((at * items.length) / parts),
  );
  const rangeOf = (at: number): readonly [number, number] => [edges[at] ?? 0, edges[at + 1] ?? 0];
  // A part alone is what is left of two when the other is taken out.
  if (parts > 2) {
    for (let at = 0; at < parts; at++) {
      const alone = items.slice(...rangeOf(at));
      if (await holds(alone)) return alone;
    }
  }
  for (let at = parts - 1; at >= 0; at--) {
    const [from, to] = rangeOf(at);
    const others = [...items.slice(0, from), ...items.slice(to)];
    if (await holds(others)) return others;
  }
  return null;
}

/**
 * A smallest whole number from `least` up to `known` for which `holds`, where more of it never
 * hurts; elsewhere one that holds. `holds(known)` is taken for granted.
 */
export async function smallestNumber(
  least: number,
  known: number,
  holds: Holds<number>,
): Promise<number> {
  if (known <= least) return known;
  if (await holds(least)) return least;
  let [fails, works] = [least, known];
  while (works - fails > 1) {
    const middle = Math.floor((fails + works) / 2);
    if (await holds(middle)) works = middle;
    else fails = middle;
  }
  return works;
}
