/**
 * Runs seeds of `rafture sim` in a process of its own, for the test that compares processes.
 * Forked with the seeds; answers with what came of each, in the order in which it was asked.
 */
import { type Repeatable, repeat } from './sim-twice.ts';

process.on('message', (seeds: readonly number[]) => {
  void answer(seeds).finally(() => process.disconnect());
});

async function answer(seeds: readonly number[]): Promise<void> {
  const results: Repeatable[] = [];
  for (const seed of seeds) results.push(await repeat(seed));
  process.send?.(results);
}
