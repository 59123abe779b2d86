/**
 * A worker thread: checks the keys it was given, and posts one verdict. Runs nothing else.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { createChecker } from '../../checker/linearizable.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { loadModel } from './load-model.ts';
import { type PostedHistory, receiveHistory } from './posted-history.ts';
import { reasonToStop, type StopRule } from './stop-rule.ts';

/** What a worker is started with. */
export interface WorkerTask {
  readonly history: PostedHistory;
  /** Those that this worker checks. */
  readonly keys: readonly (string | null)[];
  /** As `loadModel` takes them: a function cannot be posted. */
  readonly model: string;
  readonly initial: unknown;
  readonly bytesMax: number;
  readonly rule: StopRule;
}

const stepsPerSlice = 1_000_000;

async function check(task: WorkerTask): Promise<Verdict> {
  const model = await loadModel(task.model, task.initial);
  const checker = createChecker({
    ...receiveHistory(task.history),
    keys: task.keys,
    model,
    bytesMax: task.bytesMax,
    shouldStop: () => reasonToStop(task.rule),
  });
  for (;;) {
    const verdict = checker.step(stepsPerSlice);
    if (verdict !== null) return verdict;
  }
}

/** The orders are as long as the history: they change hands, they are not copied. */
function buffersOf(verdict: Verdict): ArrayBuffer[] {
  if (verdict.valid !== true) return [];
  return verdict.linearizations.flatMap(({ order: { buffer } }) =>
    buffer instanceof ArrayBuffer ? [buffer] : [],
  );
}

// Posted by check-pool.ts, in this very process.
const task: WorkerTask = workerData;
const verdict = await check(task);
parentPort?.postMessage(verdict, buffersOf(verdict));
