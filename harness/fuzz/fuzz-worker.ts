/**
 * A worker thread of `npm run fuzz:checker`: judges the histories that it is told to, one piece of
 * work after the other, and answers with counts.
 */
import { parentPort } from 'node:worker_threads';
import { type FuzzSort, runCase } from '../../checker/testing/fuzz-case.ts';
import { fuzzSubjects } from '../../checker/testing/fuzz-subjects.ts';

/** Histories of one model and one sort, by number. */
export interface FuzzTask {
  readonly model: string;
  readonly sort: FuzzSort;
  readonly from: number;
  readonly count: number;
}

export interface FuzzTally {
  histories: number;
  linearizable: number;
  /** Nothing could be compared: one of the two took too long, or could not tell. */
  open: number;
  fast: number;
  guided: number;
  search: number;
  ms: number;
  readonly disagreements: FuzzDisagreement[];
}

export interface FuzzDisagreement extends Omit<FuzzTask, 'from' | 'count'> {
  readonly number: number;
  readonly message: string;
}

export function emptyTally(): FuzzTally {
  const counts = { histories: 0, linearizable: 0, open: 0, fast: 0, guided: 0, search: 0, ms: 0 };
  return { ...counts, disagreements: [] };
}

export function runTask({ model, sort, from, count }: FuzzTask): FuzzTally {
  const subject = fuzzSubjects.find((one) => one.model.name === model);
  if (subject === undefined) throw new RangeError(`no model ${model} to test`);
  const tally = emptyTally();
  const startMs = performance.now();
  for (let number = from; number < from + count; number += 1) {
    tally.histories += 1;
    try {
      const opinion = runCase(subject, sort, number);
      if (opinion === null) tally.open += 1;
      else {
        tally[opinion.decidedBy] += 1;
        if (opinion.isLinearizable) tally.linearizable += 1;
      }
    } catch (error) {
      // Whatever is thrown counts: the checker must decide, not break.
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      tally.disagreements.push({ model, sort, number, message });
    }
  }
  tally.ms = performance.now() - startMs;
  return tally;
}

parentPort?.on('message', (task: FuzzTask) => parentPort?.postMessage(runTask(task)));
