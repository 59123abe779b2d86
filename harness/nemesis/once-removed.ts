/**
 * Who has been removed from the cluster in this run, back again or not.
 *
 * Its peers have forgotten it, and a peer that has not heard it since would take anybody for it.
 */
import type { Members } from './tools.ts';

const removed = new WeakMap<Members, Set<string>>();

export function noteRemoved(members: Members, node: string): void {
  const known = removed.get(members) ?? new Set();
  removed.set(members, known.add(node));
}

export function wasOnceRemoved(members: Members, node: string): boolean {
  return removed.get(members)?.has(node) ?? false;
}
