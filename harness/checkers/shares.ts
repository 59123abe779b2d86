/**
 * Counts of operations by outcome, and the share of them that was served, as numbers and in words.
 *
 * Who was told to ask another node, and did not, was neither served nor refused: it counts for no
 * share of a node's service.
 */
import type { Outcome } from './operations.ts';

export type Counts = Record<Outcome, number>;

export function noCounts(): Counts {
  return { ok: 0, answered: 0, redirected: 0, failed: 0, unknown: 0 };
}

export function totalOf(all: Iterable<Counts>): Counts {
  const total = noCounts();
  for (const counts of all) {
    for (const outcome of Object.keys(total) as Outcome[]) total[outcome] += counts[outcome];
  }
  return total;
}

export function countOf({ ok, answered, redirected, failed, unknown }: Counts): number {
  return ok + answered + redirected + failed + unknown;
}

/** Operations that had to be served where they were asked for. */
export function askedOf(counts: Counts): number {
  return countOf(counts) - counts.redirected;
}

export function servedOf({ ok, answered }: Counts): number {
  return ok + answered;
}

/** null when nothing was asked. */
export function shareOf(counts: Counts): number | null {
  const asked = askedOf(counts);
  return asked === 0 ? null : servedOf(counts) / asked;
}

/** `66.3 %`; rounded down, so that what falls short of a bound is not shown as the bound. */
export function describeShare(share: number): string {
  return `${Math.floor(share * 1000 + 1e-9) / 10} %`;
}
