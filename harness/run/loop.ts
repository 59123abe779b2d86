/**
 * The run loop: the one place that invokes operations and records what came of them.
 *
 * It keeps Jepsen's rules of evidence: the invocation is recorded before it is sent, a completion
 * before the next invocation, `info` retires the process id, and nothing is ever retried. [Jepsen]
 * Time is injected, so that the same loop runs on real and on virtual time.
 */
import type { Op } from '../../checker/history.ts';
import type { Client, Completion, Invocation } from '../client.ts';
import type { Generator } from '../generator.ts';
import type { RandomSource } from './random.ts';
import type { Recorder, UnplacedOp } from './recorder.ts';
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
  /** When its last operation completed. */
  freeSinceNs: number;
}

const restMs = 10;

/**
 * Random numbers that are used up by operations alone. How often an idle client is asked in vain
 * depends on the moments at which things happen, and must not change what is asked of the system.
 */
class Draws {
  readonly next: () => number;
  #ahead: number[] = [];
  #at = 0;

  constructor(random: RandomSource) {
    this.next = () => {
      const drawn = this.#ahead[this.#at++] ?? random();
      if (this.#at > this.#ahead.length) this.#ahead.push(drawn);
      return drawn;
    };
  }

  /** Those that were drawn are gone, or will be drawn again. */
  settle(areUsed: boolean): void {
    if (areUsed) this.#ahead = this.#ahead.slice(this.#at);
    this.#at = 0;
  }
}

/** Runs until the generator is done, or `shouldStop`; then all operations have completed. */
export class RunLoop {
  readonly #options: LoopOptions;
  readonly #threads: readonly Thread[];
  /** Without an operation; the one that has waited longest comes first. */
  readonly #idle: Thread[];
  readonly #outcome = Promise.withResolvers<void>();
  readonly #draws: Draws;
  #generator: Generator;
  #isDone = false;
  #hasFailed = false;
  #wakeUp: { readonly atNs: number; cancel(): void } | null = null;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#generator = options.generator;
    this.#draws = new Draws(options.random);
    this.#threads = options.threads.map((plan, index) => ({
      index,
      plan,
      process: (options.firstProcess ?? 0) + index,
      client: null,
      freeSinceNs: Number.NEGATIVE_INFINITY,
    }));
    this.#idle = [...this.#threads];
  }

  /** The first process id that no thread has used or could still use. */
  get nextProcess(): number {
    return Math.max(...this.#threads.map((thread) => thread.process)) + 1;
  }

  /** Whether the generator has nothing more; false when the run was stopped before. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** Rejects with what a client or the recorder threw: then open operations stay open. */
  async run(): Promise<void> {
    this.#pump();
    try {
      await this.#outcome.promise;
    } finally {
      this.#wakeUp?.cancel();
      for (const thread of this.#threads) thread.client?.close();
    }
  }

  #pump(): void {
    try {
      const stop = this.#options.shouldStop();
      const wakeAtNs = stop ? Number.POSITIVE_INFINITY : this.#offerToIdle();
      // With nobody at work and no time to wait for, nothing would ever change.
      const isLast = wakeAtNs === Number.POSITIVE_INFINITY;
      if (isLast && this.#idle.length === this.#threads.length) this.#outcome.resolve();
      else this.#wakeUpAt(wakeAtNs);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Asks for each idle thread once; returns when to ask again. In the order of the list none is
   * left out, and whoever takes what was held back has been free for as long as any that could.
   */
  #offerToIdle(): number {
    const idle = this.#idle;
    let wakeAtNs = Number.POSITIVE_INFINITY;
    let left = 0;
    for (const thread of idle) {
      const untilNs = this.#isDone ? null : this.#offer(thread);
      if (untilNs === 'taken') continue;
      wakeAtNs = Math.min(wakeAtNs, untilNs ?? Number.POSITIVE_INFINITY);
      idle[left++] = thread;
    }
    idle.length = left;
    return this.#isDone ? Number.POSITIVE_INFINITY : wakeAtNs;
  }

  #wakeUpAt(atNs: number): void {
    if (this.#wakeUp?.atNs === atNs) return;
    this.#wakeUp?.cancel();
    this.#wakeUp = null;
    if (atNs === Number.POSITIVE_INFINITY) return;
    const { timers } = this.#options;
    const delayMs = Math.max(0, (atNs - timers.nowNs()) / 1e6);
    const cancel = timers.after(delayMs, () => {
      this.#wakeUp = null;
      this.#pump();
    });
    this.#wakeUp = { atNs, cancel };
  }

  /** Gives an idle thread something to do, or returns when to ask again; null: at a completion. */
  #offer(thread: Thread): number | null | 'taken' {
    const { timers, recorder } = this.#options;
    const next = this.#generator.op({
      timeNs: timers.nowNs(),
      random: this.#draws.next,
      process: thread.process,
      thread: thread.index,
    });
    this.#draws.settle(next.type === 'op');
    if (next.type === 'done') {
      this.#isDone = true;
      return null;
    }
    this.#generator = next.generator;
    if (next.type === 'pending') return next.untilNs;
    const { f, key, value } = next.op;
    const invocation: Invocation = {
      process: thread.process,
      f,
      ...(key === undefined ? {} : { key }),
      value,
    };
    const { node } = thread.plan;
    const unplaced: UnplacedOp = { ...invocation, node, type: 'invoke' };
    const op = recorder.record(
      isHeldBack(next, thread)
        ? { ...unplaced, scheduledNs: Math.floor(next.scheduledNs) }
        : unplaced,
    );
    this.#generator = this.#generator.update(op);
    void this.#carryOut(thread, invocation);
    return 'taken';
  }

  /** Never rejects. */
  async #carryOut(thread: Thread, invocation: Invocation): Promise<void> {
    try {
      if (thread.client === null) {
        thread.client = thread.plan.createClient();
        await thread.client.open(thread.plan.node);
      }
      const completion = await thread.client.invoke(invocation, this.#options.deadlineMs);
      this.#complete(thread, invocation, completion);
    } catch (error) {
      this.#fail(error);
    }
  }

  #complete(thread: Thread, invocation: Invocation, completion: Completion): void {
    if (this.#hasFailed) return;
    const { process: processId, f, key } = invocation;
    const op = this.#options.recorder.record({
      process: processId,
      f,
      ...(key === undefined ? {} : { key }),
      ...completion,
      node: completion.node ?? thread.plan.node,
    });
    thread.freeSinceNs = op.timeNs;
    if (op.type === 'info') this.#retire(thread);
    this.#generator = this.#generator.update(op);
    this.#options.onCompletion(op, thread.index);
    if (op.type === 'fail' && op.error?.code === 'connection-refused') this.#rest(thread);
    else this.#idle.push(thread);
    this.#pump();
  }

  /**
   * Nobody listens there: without a pause a few clients of nodes that are down would use up the
   * schedule with refusals, while those of living nodes wait for their turn.
   */
  #rest(thread: Thread): void {
    this.#options.timers.after(restMs, () => {
      if (this.#hasFailed) return;
      this.#idle.push(thread);
      this.#pump();
    });
  }

  /** A process whose operation may still be in flight must not issue another. [Jepsen] */
  #retire(thread: Thread): void {
    thread.process += this.#threads.length;
    thread.client?.close();
    thread.client = null;
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.#outcome.reject(error);
  }
}

/**
 * Whether every client that could have taken it was busy when it was due. A client that was free
 * and woken late is no omission of the system's: it waits for the machine here.
 */
function isHeldBack<T extends { readonly scheduledNs?: number }>(
  next: T,
  { freeSinceNs }: Thread,
): next is T & { readonly scheduledNs: number } {
  return next.scheduledNs !== undefined && next.scheduledNs < freeSinceNs;
}
