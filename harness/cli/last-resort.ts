/**
 * What happens when an exception comes from where nobody catches it: a timer, a stream, a promise.
 *
 * Node would end with code 1, which here says that a promise of the system under test was broken.
 * So what was made is removed, and the code is that of a failure of rafture itself.
 */
import { exitCodes } from './exit-codes.ts';

const cleanUps = new Set<() => Promise<unknown>>();

/** To be done before such an end; the result takes it back. */
export function onLastResort(cleanUp: () => Promise<unknown>): () => void {
  cleanUps.add(cleanUp);
  return () => cleanUps.delete(cleanUp);
}

/** Once, before anything else. */
export function installLastResort(): void {
  let isEnding = false;
  const end = (thrown: unknown): void => {
    const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    console.error(`rafture failed, and gives no verdict: ${words}`);
    if (isEnding) return;
    isEnding = true;
    const undone = Promise.allSettled([...cleanUps].map((cleanUp) => cleanUp()));
    void undone.then(() => process.exit(exitCodes.crashed));
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
