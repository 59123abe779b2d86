/** The name that somebody may have meant, for complaints about one that there is not. */

/** The name that takes the fewest changes, if it takes few. */
export function nearestName(word: string, names: readonly string[]): string | null {
  const distances = names.map((name) => ({ name, distance: distanceOf(word, name) }));
  const [nearest] = distances.sort((one, other) => one.distance - other.distance);
  // A short word becomes any other by few changes: one letter of it must be right.
  const few = Math.min(Math.max(2, Math.floor(word.length / 3)), word.length - 1);
  return nearest === undefined || nearest.distance > few ? null : nearest.name;
}

/** ` (did you mean kill?)`, or nothing. */
export function hintOf(word: string, names: readonly string[]): string {
  const nearest = nearestName(word, names);
  return nearest === null ? '' : ` (did you mean ${nearest}?)`;
}

/** How many letters must be put in, taken out or replaced. */
function distanceOf(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at++) {
    const above = row;
    row = [at];
    for (let along = 1; along <= other.length; along++) {
      const replaced = (above[along - 1] ?? 0) + (one[at - 1] === other[along - 1] ? 0 : 1);
      const fewest = Math.min(replaced, (above[along] ?? 0) + 1, (row[along - 1] ?? 0) + 1);
      row.push(fewest);
    }
  }
  return row[other.length] ?? 0;
}
