/**
 * One child process that runs seeds, as the pool holds it: what it was given and has not answered,
 * how long it has been silent, and what it left when it ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import type { SeedAnswer, WorkerOrder, WorkerWord } from './worker-words.ts';

export interface WorkerProgram<Task> {
  /** Path of the module that it runs. */
  readonly path: string;
  /** What it is told before its first seed. */
  readonly task: Task;
  /** A seed that takes longer hangs. */
  readonly patienceMs: number;
  /** Then another process takes its place: nothing that grows grows for ever. */
  readonly seedsMax: number;
}

export interface WorkerEnd {
  /** The seed in which it ended before its time. */
  readonly crash: { readonly seed: number; readonly ms: number; readonly reason: string } | null;
  /** Seeds that it has not begun. */
  readonly left: readonly number[];
  /** By the pool, for no fault of its own. */
  readonly isKilled: boolean;
}

/** How long it may take until it is ready, on a machine that is busy. */
const startPatienceMs = 120_000;
/** Characters of what it wrote to its standard error last. */
const complaintMax = 4000;

export class SeedWorker<Task, Result> {
  readonly #program: WorkerProgram<Task>;
  readonly #child: ChildProcess;
  readonly #held: number[] = [];
  #given = 0;
  #isReady = false;
  #isKilled = false;
  /** Why it was, or will be, ended; it says so itself or has been silent. */
  #reason: string | null = null;
  #complaint = '';
  #begunAt = performance.now();
  #patience: NodeJS.Timeout | null = null;

  constructor(program: WorkerProgram<Task>) {
    this.#program = program;
    this.#child = fork(program.path, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // A Ctrl-C at the terminal is the business of whoever holds the pool.
      detached: true,
    });
    this.#child.stderr?.on('data', (bytes: Buffer) => {
      this.#complaint = `${this.#complaint}${bytes.toString('utf8')}`.slice(-complaintMax);
    });
    this.#send({ kind: 'task', task: program.task });
  }

  /** How many seeds wait for an answer. */
  get held(): number {
    return this.#held.length;
  }

  /** Whether it may take another one. */
  get hasRoom(): boolean {
    return this.#given < this.#program.seedsMax && this.#reason === null && !this.#isKilled;
  }

  holdsAny(isWanted: (seed: number) => boolean): boolean {
    return this.#held.length === 0 || this.#held.some(isWanted);
  }

  give(seed: number): void {
    this.#given++;
    this.#held.push(seed);
    this.#send({ kind: 'seed', seed });
    if (this.#held.length === 1) this.#begin();
  }

  /** What it holds counts for nothing; it keeps nothing that an orderly end would save. */
  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  /**
   * Tells of each result, and with null that it is ready; resolves when the process has ended.
   * Rejects when it ended before it was ready.
   */
  run(onWord: (answer: SeedAnswer<Result> | null) => void): Promise<WorkerEnd> {
    return new Promise((resolve, reject) => {
      this.#child.on('message', (word: WorkerWord<Result>) => {
        this.#note(word);
        if (word.kind !== 'failed') onWord(word.kind === 'ready' ? null : word);
      });
      const end = (why: string): void => {
        if (this.#patience !== null) clearTimeout(this.#patience);
        if (this.#isReady || this.#isKilled) resolve(this.#describeEnd(why));
        else reject(new Error(`a worker cannot start: ${this.#lastWords() || why}`));
      };
      this.#child.on('error', (error) => end(error.message));
      // After its last words.
      this.#child.on('close', (code, signal) => end(`its worker ended with ${signal ?? code}`));
    });
  }

  #note(word: WorkerWord<Result>): void {
    if (word.kind === 'ready') this.#isReady = true;
    if (word.kind === 'failed') this.#reason = word.reason;
    if (word.kind === 'result') this.#held.splice(this.#held.indexOf(word.seed), 1);
    this.#begin();
  }

  #describeEnd(why: string): WorkerEnd {
    const [seed, ...left] = this.#held;
    const isKilled = this.#isKilled;
    if (isKilled) return { crash: null, left: this.#held, isKilled };
    if (seed === undefined) return { crash: null, left, isKilled };
    const words = this.#lastWords();
    const reason = this.#reason ?? (words === '' ? why : `${words}; ${why}`);
    return { crash: { seed, ms: performance.now() - this.#begunAt, reason }, left, isKilled };
  }

  /** The first seed that it holds begins now. */
  #begin(): void {
    this.#begunAt = performance.now();
    if (this.#patience !== null) clearTimeout(this.#patience);
    if (this.#held.length === 0) return;
    const { patienceMs: ownMs } = this.#program;
    const patienceMs = this.#isReady ? ownMs : Math.max(ownMs, startPatienceMs);
    this.#patience = setTimeout(() => {
      this.#reason ??= `it hung, and was ended after ${patienceMs / 1000} s`;
      this.#child.kill('SIGKILL');
    }, patienceMs);
  }

  /** What it complained of, without the place in the code that Node prints before it. */
  #lastWords(): string {
    const lines = this.#complaint.split('\n').filter((line) => line.trim() !== '');
    const named = lines.find((line) => /^(?:FATAL|\w*Error\b|rafture)/.test(line));
    return named ?? lines.at(-1) ?? '';
  }

  /** One that has just ended hears nothing; its end is told by `run`. */
  #send(order: WorkerOrder<Task>): void {
    if (this.#child.connected) this.#child.send(order, () => {});
  }
}
