/**
 * Counts of operations by outcome, and the share of them that was served, as numbers and in words.
 *
 * A node that names another one has served: in many systems that is all that a follower does with a
 * change. Whether the other one would have done it, the clients that go there find out.
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

export function servedOf({ ok, answered, redirected }: Counts): number {
  return ok + answered + redirected;
}

/** null when nothing was asked. */
export function shareOf(counts: Counts): number | null {
  const count = countOf(counts);
  return count === 0 ? null : servedOf(counts) / count;
}

/** A bound as it was stated: `99.99 %`. */
export function describeBound(bound: number): string {
  return `${percentOf(bound)} %`;
}

/** Of a bound in percent: a share beside it needs as many, and has one at least. */
export function decimalsOf(bound: number): number {
  const [, decimals = ''] = String(percentOf(bound)).split('.');
  return Math.max(1, decimals.length);
}

function percentOf(bound: number): number {
  return Number((bound * 100).toPrecision(12));
}

/** `66.3 %`; rounded down, so that what falls short of a bound is not shown as the bound. */
export function describeShare(share: number, decimals = 1): string {
  const scale = 10 ** decimals;
  return `${Math.floor(share * 100 * scale + 1e-9) / scale} %`;
}
