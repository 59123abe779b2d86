/**
 * A store of one process, for tests: it drives a workload on virtual time and records a history.
 *
 * Operations overlap, overtake each other, fail, and lose their answers; what lost its answer takes
 * effect soon, or long after it was given up, or never. All from one seed. What a key holds and
 * does is a `TestStore`: an honest one, or one with a planted bug.
 */
import type { Op } from '../checker/history.ts';
import { createChecker } from '../checker/linearizable.ts';
import { findModel } from '../checker/models/registry.ts';
import { pairHistory } from '../checker/pairing.ts';
import { createRandom } from '../checker/testing/random-history.ts';
import type { Verdict } from '../checker/verdict.ts';
import type { Completion } from '../harness/client.ts';
import {
  backOff,
  type Generator,
  limit,
  nothing,
  type OpTemplate,
  stagger,
  untilOk,
} from '../harness/generator.ts';
import type { SizeRequest, Workload } from '../harness/workload.ts';

/** An operation as it reaches a key. */
export interface Asked extends OpTemplate {
  readonly process: number;
  /** Uniform in [0, 1), for bugs that show only now and then. */
  random(): number;
}

/** What one key holds, and what an operation does to it in one instant. */
export interface TestStore<State> {
  readonly init: State;
  /** Must not change the state that it is given. An answer `fail` must leave it as it is. */
  apply(
    state: State,
    asked: Asked,
  ): { readonly state: State; readonly answer: Omit<Completion, 'node'> };
}

export interface DriveOptions<State> {
  readonly workload: Workload;
  readonly store: TestStore<State>;
  readonly seed: number;
  /** Clients; 10 when left out. */
  readonly concurrency?: number;
  /** Operations of the workload; 2000 when left out. */
  readonly opCount?: number;
  /** Operations per second; as fast as they go when left out. */
  readonly rate?: number;
  /** What the user says of `--keys` and `--ops-per-key`. */
  readonly keyCount?: number;
  readonly opsPerKey?: number;
  /** The share of the operations that lose their answers; it may depend on the time. */
  readonly unknown?: number | ((timeNs: number) => number);
  /** The share of those that are refused. */
  readonly fail?: number;
  /** When an operation of unknown outcome is given up; 200 when left out. */
  readonly deadlineMs?: number;
}

export interface Driven {
  readonly ops: readonly Op[];
  /** Position in `ops` at which the probe and then the final operations begin. */
  readonly finalFrom: number;
  /** The keys that were used, the probe's first. */
  readonly keys: readonly string[];
}

/** The key of the probe. */
export const probeKey = 'recovery';

/** Runs the workload, then its probe until it is answered, then its final operations. */
export function driveWorkload<State>(options: DriveOptions<State>): Driven {
  const { workload, concurrency = 10, opCount = 2000, rate } = options;
  const store = new DrivenStore(options);
  const endless = limit(opCount, workload.createGenerator(workload.size(sizeRequest(options))));
  const paced = rate === undefined ? endless : stagger(rate, endless);
  store.drive(paced, concurrency);
  const finalFrom = store.ops.length;
  const probe = untilOk((attempt) => ({ ...workload.createProbe(attempt), key: probeKey }));
  store.drive(backOff(1, probe), 1);
  const used = store.ops.flatMap(({ key }) => (key === undefined ? [] : [key]));
  const keys = [...new Set([probeKey, ...used])];
  const ops = [...store.ops];
  store.drive(backOff(1, workload.createFinalGenerator({ keys, ops })), 1);
  return { ops: store.ops, finalFrom, keys };
}

/** What a run of these options asks a workload's `size`. */
export function sizeRequest(
  options: Pick<
    DriveOptions<unknown>,
    'concurrency' | 'opCount' | 'rate' | 'keyCount' | 'opsPerKey'
  >,
): SizeRequest {
  const { concurrency = 10, opCount = 2000, rate, keyCount, opsPerKey } = options;
  return {
    keyCount: keyCount ?? null,
    opsPerKey: opsPerKey ?? null,
    concurrency,
    rate: rate ?? null,
    timeLimitS: 60,
    opCount,
  };
}

/** What the checker says, without any limit. */
export function checkOps(ops: readonly Op[], modelName: string): Verdict {
  const model = findModel(modelName);
  if (model === undefined) throw new RangeError(`there is no model ${modelName}`);
  const { columns, failed } = pairHistory(ops);
  const checker = createChecker({ columns, failed, model });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

interface Timed {
  readonly atNs: number;
  run(): void;
}

interface Thread {
  readonly index: number;
  process: number;
  isBusy: boolean;
  isDone: boolean;
}

/** The same rules of evidence as the run loop's, without clients, promises or a clock. */
class DrivenStore<State> {
  readonly ops: Op[] = [];
  readonly #options: DriveOptions<State>;
  readonly #random: () => number;
  readonly #states = new Map<string, State>();
  /** Sorted, the next one last. */
  readonly #events: Timed[] = [];
  #threads: readonly Thread[] = [];
  #generator: Generator = nothing;
  #nowNs = 0;
  #nextProcess = 0;
  /** Only the last one that was ordered counts. */
  #wakeUp = 0;

  constructor(options: DriveOptions<State>) {
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  /** Until the generator is done and everything that is under way has landed. */
  drive(generator: Generator, concurrency: number): void {
    const first = this.#nextProcess;
    this.#generator = generator;
    this.#threads = Array.from({ length: concurrency }, (_, index) => ({
      index,
      process: first + index,
      isBusy: false,
      isDone: false,
    }));
    this.#nextProcess = first + concurrency;
    this.#offerAll();
    for (;;) {
      const event = this.#events.pop();
      if (event === undefined) break;
      this.#nowNs = event.atNs;
      event.run();
    }
    if (!this.#threads.every(({ isDone }) => isDone)) {
      throw new Error('the generator waits for something that will never happen');
    }
  }

  #offerAll(): void {
    let wakeNs = Number.POSITIVE_INFINITY;
    const from = Math.floor(this.#random() * this.#threads.length);
    for (let turn = 0; turn < this.#threads.length; turn++) {
      const thread = this.#threads[(from + turn) % this.#threads.length];
      if (thread === undefined || thread.isBusy || thread.isDone) continue;
      wakeNs = Math.min(wakeNs, this.#offer(thread));
    }
    const wakeUp = ++this.#wakeUp;
    if (wakeNs === Number.POSITIVE_INFINITY) return;
    this.#after(Math.max(0, wakeNs - this.#nowNs), () => {
      if (wakeUp === this.#wakeUp) this.#offerAll();
    });
  }

  /** Returns when to ask again. */
  #offer(thread: Thread): number {
    const next = this.#generator.op({
      timeNs: this.#nowNs,
      random: this.#random,
      process: thread.process,
      thread: thread.index,
    });
    if (next.type === 'done') {
      thread.isDone = true;
      return Number.POSITIVE_INFINITY;
    }
    this.#generator = next.generator;
    if (next.type === 'pending') return next.untilNs ?? Number.POSITIVE_INFINITY;
    const { op, scheduledNs } = next;
    thread.isBusy = true;
    this.#record({
      ...op,
      type: 'invoke',
      process: thread.process,
      ...(scheduledNs === undefined ? {} : { scheduledNs }),
    });
    this.#carryOut(thread, op);
    return Number.POSITIVE_INFINITY;
  }

  #carryOut(thread: Thread, op: OpTemplate): void {
    const { fail = 0, unknown = 0, deadlineMs = 200 } = this.#options;
    const lost = typeof unknown === 'number' ? unknown : unknown(this.#nowNs);
    const chance = this.#random();
    const there = this.#latencyNs();
    if (chance < fail) {
      const error = { code: 'refused' };
      this.#after(there, () =>
        this.#complete(thread, op, { type: 'fail', value: op.value, error }),
      );
      return;
    }
    if (chance >= fail + lost) {
      this.#after(there, () => {
        const answer = this.#apply(thread.process, op);
        this.#after(this.#latencyNs(), () => this.#complete(thread, op, answer));
      });
      return;
    }
    const error = { code: 'timeout' };
    const deadlineNs = deadlineMs * 1e6;
    const { process } = thread;
    const fate = this.#random();
    // Half of them never happen; of the others half happen when nobody waits any more.
    const landsNs = fate < 0.25 ? there : deadlineNs * (1 + 4 * this.#random());
    if (fate < 0.5) this.#after(landsNs, () => this.#apply(process, op));
    this.#after(deadlineNs, () =>
      this.#complete(thread, op, { type: 'info', value: op.value, error }),
    );
  }

  #apply(process: number, op: OpTemplate): Completion {
    const key = op.key ?? '';
    const { store } = this.#options;
    const state = this.#states.get(key) ?? store.init;
    const applied = store.apply(state, { ...op, process, random: this.#random });
    this.#states.set(key, applied.state);
    return applied.answer;
  }

  #complete(thread: Thread, { f, key }: OpTemplate, answer: Completion): void {
    this.#record({ f, ...(key === undefined ? {} : { key }), ...answer, process: thread.process });
    thread.isBusy = false;
    if (answer.type === 'info') thread.process = this.#nextProcess++;
    this.#offerAll();
  }

  #record(op: Omit<Op, 'index' | 'timeNs'>): void {
    const recorded: Op = { index: this.ops.length, timeNs: this.#nowNs, ...op };
    this.ops.push(recorded);
    this.#generator = this.#generator.update(recorded);
  }

  /** Mostly about a millisecond, now and then twenty times that. */
  #latencyNs(): number {
    const slow = this.#random() < 0.02 ? 20 : 1;
    return slow * 1e6 * (0.2 + this.#random());
  }

  #after(delayNs: number, run: () => void): void {
    const atNs = this.#nowNs + delayNs;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.atNs ?? 0) > atNs) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, { atNs, run });
  }
}
