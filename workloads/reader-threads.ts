/**
 * Which threads only read.
 *
 * A client whose write hangs in a leader that has lost its followers reads nothing there any more,
 * and reads are what shows that it answers from the past: so every other thread never writes.
 */
import type { Generator } from '../harness/generator.ts';
import { onThreads } from '../harness/generator-parts.ts';

export function isReader(thread: number): boolean {
  return thread % 2 === 1;
}

/** Every other thread asks the first, the rest the second. */
export function withReaders(reads: Generator, others: Generator): Generator {
  return onThreads(isReader, reads, others);
}
