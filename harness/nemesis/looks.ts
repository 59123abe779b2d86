/**
 * Waits for a state of the nodes, within bounds: what never comes ends the wait, and holds nothing
 * up.
 *
 * It goes on while the nodes get on: it gives up after so many looks, after fewer of them that all
 * saw the same, or when no client has had anything done for long, which other faults may be to
 * blame for that wait for their end. No fault begins here; one that has begun waits for what it
 * needs.
 */
import type { IntrospectionSample } from '../checker.ts';
import { pause } from '../run/introspect.ts';
import type { NemesisTools } from './tools.ts';

export interface LookBounds {
  readonly looksMax: number;
  /** So many looks without any change. */
  readonly stillMax: number;
}

const defaultBounds: LookBounds = { looksMax: 200, stillMax: 60 };
const lookEveryMs = 25;
/** Looks at nodes that are frozen take their time: the last resort. */
const limitMs = 20_000;

/** What `find` gave first that was not null, and after how many looks; null: it never did. */
export interface Found<T> {
  readonly found: T;
  readonly looks: number;
}

export async function lookUntil<T>(
  tools: Pick<NemesisTools, 'observe' | 'timers' | 'isStarved'>,
  find: (samples: readonly IntrospectionSample[]) => T | null | Promise<T | null>,
  bounds: LookBounds = defaultBounds,
): Promise<Found<T> | null> {
  const endNs = tools.timers.nowNs() + limitMs * 1e6;
  let seen = '';
  let still = 0;
  for (let looks = 1; looks <= bounds.looksMax; looks++) {
    const samples = await tools.observe();
    const found = await find(samples);
    if (found !== null) return { found, looks };
    const now = describeSamples(samples);
    still = now === seen ? still + 1 : 0;
    seen = now;
    if (still >= bounds.stillMax || tools.timers.nowNs() > endNs) return null;
    if (tools.isStarved?.() === true) return null;
    await pause(tools.timers, lookEveryMs);
  }
  return null;
}

/** Of those that claim to lead, the one of the highest term. */
export function leaderOf(samples: readonly IntrospectionSample[]): IntrospectionSample | null {
  const leaders = samples.filter(({ role }) => role === 'leader');
  return leaders.sort((a, b) => b.term - a.term)[0] ?? null;
}

export function sampleOf(
  samples: readonly IntrospectionSample[],
  node: string,
): IntrospectionSample | null {
  return samples.find((sample) => sample.node === node) ?? null;
}

/** Without the times: equal when nothing has changed. */
function describeSamples(samples: readonly IntrospectionSample[]): string {
  const parts = samples.map(({ askedNs: _asked, timeNs: _time, ...told }) => JSON.stringify(told));
  return parts.sort().join();
}
