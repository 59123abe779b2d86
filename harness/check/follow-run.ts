/**
 * The check of a run while it goes on (`--check online`): it is told every op, and knows of the
 * first violation. The verdict on the whole is somebody else's, when the run has ended.
 *
 * On real time it has a thread of its own; in a simulation it works every so many completions,
 * so that the same seed gives the same history.
 */
import { Worker } from 'node:worker_threads';
import type { Op } from '../../checker/history.ts';
import type { Model } from '../../checker/model.ts';
import { HistoryBuilder } from '../../checker/pairing.ts';
import type { InvalidVerdict } from '../../checker/verdict.ts';
import { GrowingCheck } from './follow-check.ts';
import type { FollowTask, FoundViolation } from './follow-worker.ts';
import { loadModel } from './load-model.ts';

export interface RunCheck {
  /** Takes each op of the history, in order. */
  onOp(op: Op): void;
  /** The first violation, once one is known. */
  readonly violation: Violation | null;
  /** Why it could not go on, in words; the run does not depend on it. */
  readonly problem: string | null;
  close(): Promise<void>;
}

export interface Violation {
  readonly verdict: InvalidVerdict;
  /** Entries of the history when it became known. */
  readonly entries: number;
}

export interface RunCheckOptions {
  readonly model: string;
  readonly memoryLimitBytes: number;
  /** Told once. */
  onViolation(violation: Violation): void;
}

/** In a thread; for runs on real time. */
export function createThreadCheck(options: RunCheckOptions): RunCheck {
  return new ThreadCheck(options);
}

/** Here, at once; for runs on virtual time. */
export async function createInlineCheck(options: RunCheckOptions): Promise<RunCheck> {
  return new InlineCheck(options, await loadModel(options.model));
}

class ThreadCheck implements RunCheck {
  readonly #options: RunCheckOptions;
  readonly #worker: Worker;
  #batch: Op[] = [];
  #entries = 0;
  #isClosed = false;
  violation: Violation | null = null;
  problem: string | null = null;

  constructor(options: RunCheckOptions) {
    this.#options = options;
    const { model, memoryLimitBytes: bytesMax } = options;
    this.#worker = new Worker(new URL('./follow-worker.ts', import.meta.url), {
      workerData: { model, bytesMax } satisfies FollowTask,
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(256, Math.ceil(bytesMax / (1 << 20))) },
    });
    this.#worker.once('message', ({ verdict }: FoundViolation) => this.#found(verdict));
    this.#worker.once('error', (error) => this.#lost(error.message));
    this.#worker.once('exit', (code) => this.#lost(`its thread ended with code ${code}`));
  }

  onOp(op: Op): void {
    this.#entries += 1;
    if (this.violation !== null || this.problem !== null) return;
    // One message for all that is recorded in one turn of the event loop.
    if (this.#batch.length === 0) setImmediate(() => this.#flush());
    this.#batch.push(op);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
  }

  #flush(): void {
    if (!this.#isClosed) this.#worker.postMessage(this.#batch);
    this.#batch = [];
  }

  #found(verdict: InvalidVerdict): void {
    if (this.#isClosed) return;
    this.violation = { verdict, entries: this.#entries };
    this.#options.onViolation(this.violation);
  }

  #lost(words: string): void {
    if (this.#isClosed || this.violation !== null) return;
    this.problem ??= `the check during the run ended early: ${words}`;
  }
}

/** Completions between two looks. */
const inlineEvery = 100;

class InlineCheck implements RunCheck {
  readonly #options: RunCheckOptions;
  readonly #builder = new HistoryBuilder();
  readonly #check: GrowingCheck;
  #completions = 0;
  violation: Violation | null = null;
  problem: string | null = null;

  constructor(options: RunCheckOptions, model: Model) {
    this.#options = options;
    const bytesMax = options.memoryLimitBytes;
    this.#check = new GrowingCheck({ builder: this.#builder, model, bytesMax });
  }

  onOp(op: Op): void {
    if (this.violation !== null || this.problem !== null) return;
    try {
      this.#builder.add(op);
      if (op.type === 'invoke' || op.process === 'nemesis') return;
      this.#completions += 1;
      if (this.#completions % inlineEvery === 0) this.#look();
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.problem = `the check during the run ended early: ${words}`;
    }
  }

  async close(): Promise<void> {}

  #look(): void {
    const work = this.#check.checkGrown();
    let next = work.next();
    while (next.done !== true) next = work.next();
    if (next.value === null) return;
    const verdict = this.#check.verdictOf(next.value);
    this.violation = { verdict, entries: this.#builder.lines };
    this.#options.onViolation(this.violation);
  }
}
