/**
 * Changes of the names in a directory, and which of them a power loss leaves that keeps no order.
 *
 * Each is whole or has not happened. Two that touch the same name keep their order on any
 * filesystem; of others the later one may survive alone. (Journals keep all of them in order.)
 */
import type { RandomSource } from '../run/random.ts';
import type { UnsyncedFile } from './unsynced-file.ts';

export type Names = Map<string, UnsyncedFile>;

export type NameChange =
  | { readonly created: UnsyncedFile; readonly to: string }
  /** To null: removed. */
  | { readonly from: string; readonly to: string | null };

export function applyNames(names: Names, change: NameChange): void {
  if ('created' in change) {
    names.set(change.to, change.created);
    return;
  }
  const { from, to } = change;
  const moved = names.get(from);
  if (moved === undefined) return;
  names.delete(from);
  if (to !== null) names.set(to, moved);
}

/** In their order. */
export function survivingNames(
  changes: readonly NameChange[],
  random: RandomSource,
): readonly NameChange[] {
  const stale = new Set<string>();
  return changes.filter((change) => {
    const touched = 'created' in change ? [change.to] : [change.from, change.to ?? change.from];
    const survives = random() < 0.5 && !touched.some((name) => stale.has(name));
    if (!survives) for (const name of touched) stale.add(name);
    return survives;
  });
}
