/**
 * Operations of the disk one after the other, the next only when the one before it has succeeded.
 */
import type { Done } from './disk.ts';

export type DiskStep = (done: Done) => void;

/** `done` gets the first error: what stands behind it is not done. */
export function runInOrder(steps: readonly DiskStep[], done: Done): void {
  runFrom(0, steps, done);
}

function runFrom(position: number, steps: readonly DiskStep[], done: Done): void {
  const step = steps[position];
  if (step === undefined) {
    done(null);
    return;
  }
  step((error) => {
    if (error !== null) done(error);
    else runFrom(position + 1, steps, done);
  });
}
