/**
 * Kills a harness with SIGKILL in the middle of what it does, and looks for what it has left: at
 * once, and after the sweep with which the next start begins.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectEngine } from '../cluster/docker-engine.ts';
import { sweepLeftovers } from '../cluster/docker-reaper.ts';
import { sweepWorkFolders } from '../cluster/work-folders.ts';
import { type Belongings, countBelongings, findLeft, noteBelongings } from './belongings.ts';

export interface Aftermath {
  /** What it had when it was killed, by kind. */
  readonly had: Readonly<Record<string, number>>;
  /** What was there when nothing went away by itself any more. */
  readonly leftBeforeSweep: readonly string[];
  /** Until then. */
  readonly goneAfterMs: number;
  readonly leftAfterSweep: readonly string[];
}

/** The reaper waits for its last client to come back before it removes anything. */
const patienceMs = 30_000;
const pollMs = 100;

/** Kills the harness, which must run. */
export async function killAndLook(harness: ChildProcess): Promise<Aftermath> {
  if (harness.pid === undefined) throw new Error('the harness does not run');
  const belongings = await noteBelongings(harness.pid);
  const had = await countBelongings(belongings);
  const startMs = performance.now();
  harness.kill('SIGKILL');
  // What only a sweep takes away is not waited for.
  const leftBeforeSweep = await pollLeft(belongings, (thing) => !thing.startsWith('folder '));
  const goneAfterMs = Math.round(performance.now() - startMs);
  await sweepWorkFolders();
  if (belongings.runId !== null) await sweepLeftovers(await connectEngine());
  const leftAfterSweep = await pollLeft(belongings, () => true);
  return { had, leftBeforeSweep, goneAfterMs, leftAfterSweep };
}

/** Until nothing is left of those that are waited for, or patience ends. */
async function pollLeft(
  belongings: Belongings,
  isWaitedFor: (thing: string) => boolean,
): Promise<readonly string[]> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const left = await findLeft(belongings);
    if (!left.some(isWaitedFor) || performance.now() > endMs) return left;
    await sleep(pollMs);
  }
}
