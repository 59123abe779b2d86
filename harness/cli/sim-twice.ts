/**
 * A seed of `rafture sim`, and all of it that must be the same each time: for the test that
 * compares processes.
 */
import { createHash } from 'node:crypto';
import { workloads } from '../../workloads/index.ts';
import type { SeedResult } from '../seeds/seed-result.ts';
import { drawPlan } from '../seeds/sim-plan.ts';
import { ownServerCode } from '../simulation/server-code.ts';
import { runSeed } from './sim-run.ts';

/** Everything of a seed that must be the same each time. */
export interface Repeatable extends SeedResult {
  /** Of the lines of the history. */
  readonly historyHash: string;
}

export async function repeat(
  seed: number,
  signal: AbortSignal = new AbortController().signal,
): Promise<Repeatable> {
  const names = workloads.map(({ name }) => name);
  const plan = drawPlan(seed, { workloads: names });
  const hash = createHash('sha256');
  const result = await runSeed({
    ...{ plan, server: ownServerCode, signal },
    onRan: (history) => {
      for (const op of history) hash.update(`${JSON.stringify(op)}\n`);
    },
  });
  return { ...result, historyHash: hash.digest('hex') };
}
