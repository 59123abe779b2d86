/**
 * A few child processes that run seeds, each some at a time, and none of which is trusted.
 *
 * No seed is lost: one whose worker dies, throws or is silent for too long is told as crashed, with
 * the reason, and those that waited behind it go to another worker. It judges nothing.
 */
import { SeedWorker, type WorkerEnd, type WorkerProgram } from './seed-worker.ts';
import type { SeedAnswer } from './worker-words.ts';

export interface SeedPoolOptions<Task, Result> {
  readonly program: WorkerProgram<Task>;
  readonly jobs: number;
  /** The next one, in ascending order; null when there is none any more. */
  readonly nextSeed: () => number | null;
  /** False for a seed that nobody wants to know of any more, whether or not it was given out. */
  readonly isWanted: (seed: number) => boolean;
  readonly onAnswer: (answer: SeedAnswer<Result>) => void;
  /** Aborted: what is under way counts for nothing. */
  readonly signal: AbortSignal;
}

/** Seeds that a worker holds: one that it runs, and one so that it never waits. */
const heldMax = 2;

export class SeedPool<Task, Result> {
  readonly #options: SeedPoolOptions<Task, Result>;
  /** Of workers that ended before their turn; smallest first. */
  #returned: number[] = [];
  readonly #workers = new Set<SeedWorker<Task, Result>>();
  #isOver = false;

  constructor(options: SeedPoolOptions<Task, Result>) {
    this.#options = options;
  }

  /** Resolves when there is no seed left. Rejects when a worker cannot even start. */
  async run(): Promise<void> {
    const { jobs, signal } = this.#options;
    const killAll = (): void => {
      this.#isOver = true;
      for (const worker of this.#workers) worker.kill();
    };
    signal.addEventListener('abort', killAll);
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.#fillPlace()));
    } finally {
      killAll();
      signal.removeEventListener('abort', killAll);
    }
  }

  /** One worker after the other. */
  async #fillPlace(): Promise<void> {
    for (let seed = this.#take(); seed !== null; seed = this.#take()) {
      const worker = new SeedWorker<Task, Result>(this.#options.program);
      this.#workers.add(worker);
      worker.give(seed);
      const end = await worker.run((word) => this.#listen(worker, word));
      this.#workers.delete(worker);
      this.#settle(end);
    }
  }

  #listen(worker: SeedWorker<Task, Result>, answer: SeedAnswer<Result> | null): void {
    if (this.#isOver) return;
    if (answer !== null) this.#options.onAnswer(answer);
    for (const each of this.#workers) if (!each.holdsAny(this.#options.isWanted)) each.kill();
    while (worker.held < heldMax && worker.hasRoom) {
      const seed = this.#take();
      if (seed === null) break;
      worker.give(seed);
    }
    if (worker.held === 0) worker.kill();
  }

  #settle({ crash, left, isKilled }: WorkerEnd): void {
    const { isWanted, onAnswer } = this.#options;
    if (this.#isOver) return;
    this.#returned = [...this.#returned, ...left].toSorted((one, other) => one - other);
    if (isKilled || crash === null) return;
    if (isWanted(crash.seed)) onAnswer({ kind: 'crashed', ...crash });
  }

  #take(): number | null {
    const { nextSeed, isWanted } = this.#options;
    if (this.#isOver) return null;
    for (let seed = this.#returned.shift(); seed !== undefined; seed = this.#returned.shift()) {
      if (isWanted(seed)) return seed;
    }
    return nextSeed();
  }
}
