/**
 * Operations of the disk one after the other, the next only when the one before it has succeeded.
 */
import type { Done } from './disk.ts';

export type DiskStep = (done: Done) => void;

/** `done` gets the first error: what stands behind it is not done. */
export function runInOrder(steps: readonly DiskStep[], done: Done): void {
  const [first, ...rest] = steps;
  if (first === undefined) {
    done(null);
    return;
  }
  first((error) => {
    if (error !== null) done(error);
    else runInOrder(rest, done);
  });
}
