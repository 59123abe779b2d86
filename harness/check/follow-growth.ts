/**
 * The loop of a check that keeps up with a writer: take what came, check what has grown, wait.
 *
 * Time decides only when to look again, never what is found. Between slices of work it lets
 * signals and messages through.
 */
import { setImmediate } from 'node:timers/promises';
import type { InvalidVerdict } from '../../checker/verdict.ts';
import type { GrowingCheck, GrowingProgress } from './follow-check.ts';

/** Where lines come from; it adds them to the builder of the check. */
export interface GrowingSource {
  /** Takes some of what is there; false when nothing is, for the moment. */
  take(): Promise<boolean>;
  /** Until there may be more, or some time has passed; false when nothing will come any more. */
  wait(): Promise<boolean>;
}

/** Resolves to the first violation, or to null when the source has ended. */
export async function followGrowth(
  check: GrowingCheck,
  source: GrowingSource,
  onProgress: (progress: GrowingProgress) => void,
): Promise<InvalidVerdict | null> {
  let restUntilMs = 0;
  for (;;) {
    const isMore = await source.take();
    const isRested = performance.now() >= restUntilMs;
    const startMs = performance.now();
    const found = await inSlices(isMore || !isRested ? check.checkGrown() : check.checkRest());
    onProgress(check.progress);
    if (found !== null) return check.verdictOf(found);
    if (isMore) continue;
    const endMs = performance.now();
    // A tenth of the time goes into looking at small news, so that a run keeps its machine.
    if (isRested && !isMore) restUntilMs = endMs + 9 * (endMs - startMs);
    if (!(await source.wait())) return null;
  }
}

async function inSlices<T>(work: Generator<void, T>): Promise<T> {
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
    await setImmediate();
  }
}
