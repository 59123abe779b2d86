/**
 * A worker thread that keeps up with a run: it is sent the ops, and says when it sees a violation.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Op } from '../../checker/history.ts';
import { HistoryBuilder } from '../../checker/pairing.ts';
import type { InvalidVerdict } from '../../checker/verdict.ts';
import { GrowingCheck } from './follow-check.ts';
import { followGrowth, type GrowingSource } from './follow-growth.ts';
import { loadModel } from './load-model.ts';

/** What the worker is started with. */
export interface FollowTask {
  readonly model: string;
  readonly bytesMax: number;
}

/** What it says: once, and only when there is a violation. */
export interface FoundViolation {
  readonly verdict: InvalidVerdict;
}

/** Ops that came, batch by batch; never at an end, for whoever started this thread ends it. */
class MessageSource implements GrowingSource {
  readonly #builder: HistoryBuilder;
  #batches: (readonly Op[])[] = [];
  #wake: (() => void) | null = null;

  constructor(builder: HistoryBuilder) {
    this.#builder = builder;
    parentPort?.on('message', (batch: readonly Op[]) => {
      this.#batches.push(batch);
      this.#wake?.();
    });
  }

  take(): Promise<boolean> {
    const batches = this.#batches;
    this.#batches = [];
    for (const op of batches.flat()) this.#builder.add(op);
    return Promise.resolve(batches.length > 0);
  }

  /** A little later at the latest: a key that was left for later may be due. */
  async wait(): Promise<boolean> {
    if (this.#batches.length > 0) return true;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 100);
      this.#wake = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
    return true;
  }
}

// Posted by follow-run.ts, in this very process.
const task: FollowTask = workerData;
const builder = new HistoryBuilder();
// Listens before anything is waited for: a message that nobody listens to is lost.
const source = new MessageSource(builder);
const model = await loadModel(task.model);
const check = new GrowingCheck({ builder, model, bytesMax: task.bytesMax });
const verdict = await followGrowth(check, source, () => {});
if (verdict !== null) parentPort?.postMessage({ verdict } satisfies FoundViolation);
