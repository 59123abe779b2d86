/**
 * The run loop: the one place that invokes operations and records what came of them.
 *
 * It keeps Jepsen's rules of evidence: the invocation is recorded before it is sent, a completion
 * before the next invocation, `info` retires the process id, and nothing is ever retried. [Jepsen]
 * Time is injected, so that the same loop runs on real and on virtual time.
 */
import type { Op } from '../../checker/history.ts';
import type { Client, Completion } from '../client.ts';
import type { Generator } from '../generator.ts';
import type { RandomSource } from './random.ts';
import type { Recorder } from './recorder.ts';
import type { HarnessTimers } from './timers.ts';

export interface LoopOptions {
  readonly generator: Generator;
  readonly threads: readonly ThreadPlan[];
  /** Process ids are this and above; 0 when left out. */
  readonly firstProcess?: number;
  readonly recorder: Recorder;
  readonly timers: HarnessTimers;
  readonly random: RandomSource;
  /** Each operation is `info` when it has not been answered by then. */
  readonly deadlineMs: number;
  /** Told of every completion, after it is recorded. */
  readonly onCompletion: (op: Op, thread: number) => void;
  /** Asked before each invocation: true ends the run. */
  readonly shouldStop: () => boolean;
}

/** A thread: it has one process at a time, and that one client. */
export interface ThreadPlan {
  readonly node: string;
  createClient(): Client;
}

interface Thread {
  readonly index: number;
  readonly plan: ThreadPlan;
  process: number;
  client: Client | null;
  busy: boolean;
  done: boolean;
}

/** Runs until the generator is done for every thread, or `shouldStop`; then all have completed. */
export class RunLoop {
  readonly #options: LoopOptions;
  readonly #threads: readonly Thread[];
  #generator: Generator;
  #busyCount = 0;
  #turn = 0;
  #cancelWakeUp: (() => void) | null = null;
  #finish: (() => void) | null = null;
  #fail: ((error: unknown) => void) | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#generator = options.generator;
    this.#threads = options.threads.map((plan, index) => ({
      index,
      plan,
      process: (options.firstProcess ?? 0) + index,
      client: null,
      busy: false,
      done: false,
    }));
  }

  /** The first process id that no thread has used or could still use. */
  get nextProcess(): number {
    return Math.max(...this.#threads.map((thread) => thread.process)) + 1;
  }

  /** Whether the generator has nothing more; false when the run was stopped before. */
  get isDone(): boolean {
    return this.#threads.every((thread) => thread.done);
  }

  run(): Promise<void> {
    return new Promise<void>((resolve, reject): void => {
      this.#finish = resolve;
      this.#fail = reject;
      this.#pump();
    }).then(
      () => this.#close(),
      (error: unknown) => {
        this.#close();
        throw error;
      },
    );
  }

  /** Asks again for every idle thread; for when `shouldStop` has changed its mind. */
  wake(): void {
    if (this.#finish !== null) this.#pump();
  }

  #pump(): void {
    this.#cancelWakeUp?.();
    this.#cancelWakeUp = null;
    let wakeAtNs = Number.POSITIVE_INFINITY;
    const stop = this.#options.shouldStop();
    for (const thread of this.#inTurn()) {
      if (thread.busy || thread.done || stop) continue;
      wakeAtNs = Math.min(wakeAtNs, this.#offer(thread));
    }
    const allDone = stop || this.#threads.every((thread) => thread.done);
    if (this.#busyCount === 0 && (allDone || wakeAtNs === Number.POSITIVE_INFINITY)) {
      const finish = this.#finish;
      this.#finish = null;
      finish?.();
      return;
    }
    if (!stop && wakeAtNs !== Number.POSITIVE_INFINITY) {
      const delayMs = Math.max(0, (wakeAtNs - this.#options.timers.nowNs()) / 1e6);
      this.#cancelWakeUp = this.#options.timers.after(delayMs, () => this.#pump());
    }
  }

  /** The thread after the last one that got something comes first, so that none is left out. */
  #inTurn(): readonly Thread[] {
    return [...this.#threads.slice(this.#turn), ...this.#threads.slice(0, this.#turn)];
  }

  /** Gives an idle thread something to do; returns when to ask again. */
  #offer(thread: Thread): number {
    const { timers, random } = this.#options;
    const next = this.#generator.op({
      timeNs: timers.nowNs(),
      random,
      process: thread.process,
      thread: thread.index,
    });
    if (next.type === 'done') {
      thread.done = true;
      return Number.POSITIVE_INFINITY;
    }
    this.#generator = next.generator;
    if (next.type === 'pending') return next.untilNs ?? Number.POSITIVE_INFINITY;
    const { f, key, value } = next.op;
    const invocation = {
      process: thread.process,
      f,
      ...(key === undefined ? {} : { key }),
      value,
    };
    thread.busy = true;
    this.#turn = (thread.index + 1) % this.#threads.length;
    this.#busyCount++;
    const { node } = thread.plan;
    this.#generator = this.#generator.update(
      this.#options.recorder.record({ ...invocation, node, type: 'invoke' }),
    );
    this.#invoke(thread, invocation).then(
      (completion) => this.#complete(thread, invocation, completion),
      (error: unknown) => this.#fail?.(error),
    );
    return Number.POSITIVE_INFINITY;
  }

  async #invoke(thread: Thread, invocation: Parameters<Client['invoke']>[0]): Promise<Completion> {
    if (thread.client === null) {
      thread.client = thread.plan.createClient();
      await thread.client.open(thread.plan.node);
    }
    return thread.client.invoke(invocation, this.#options.deadlineMs);
  }

  #complete(
    thread: Thread,
    invocation: Parameters<Client['invoke']>[0],
    completion: Completion,
  ): void {
    const { process: processId, f, key } = invocation;
    const op = this.#options.recorder.record({
      process: processId,
      f,
      ...(key === undefined ? {} : { key }),
      ...completion,
      node: completion.node ?? thread.plan.node,
    });
    thread.busy = false;
    this.#busyCount--;
    if (op.type === 'info') this.#retire(thread);
    this.#generator = this.#generator.update(op);
    this.#options.onCompletion(op, thread.index);
    if (this.#finish !== null) this.#pump();
  }

  /** A process whose operation may still be in flight must not issue another. [Jepsen] */
  #retire(thread: Thread): void {
    thread.process += this.#threads.length;
    thread.client?.close();
    thread.client = null;
  }

  #close(): void {
    this.#cancelWakeUp?.();
    for (const thread of this.#threads) thread.client?.close();
  }
}
