/** Counts of a history, for tests of what a workload asks and how it was answered. */
import type { Op } from '../checker/history.ts';

/** How often each `f` was answered like that, such as `read ok`; invocations do not count. */
export function countOutcomes(ops: readonly Op[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { f, type, error } of ops) {
    if (type === 'invoke') continue;
    const what = error === undefined ? `${f} ${type}` : `${f} ${error.code}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

/** The most operations and the most of unknown outcome that a key had. */
export function mostOnOneKey(ops: readonly Op[]): { readonly all: number; readonly info: number } {
  const all = new Map<string, number>();
  const info = new Map<string, number>();
  for (const { key = '', type } of ops) {
    if (type === 'invoke') all.set(key, (all.get(key) ?? 0) + 1);
    if (type === 'info') info.set(key, (info.get(key) ?? 0) + 1);
  }
  return { all: Math.max(...all.values()), info: Math.max(0, ...info.values()) };
}
