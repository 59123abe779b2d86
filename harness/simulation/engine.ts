/**
 * The engine: runs a harness's asynchronous code on virtual time.
 *
 * The server's code is all callbacks, the harness's is promises. So after each event that called
 * into the harness, and only then, it lets every microtask run before the next event: the order of
 * things is the same each time. The harness must not wait for real input or output meanwhile.
 */
import type { HarnessTimers } from '../run/timers.ts';
import { setImpurityTraps } from './impurity-traps.ts';
import { VirtualTime } from './virtual-time.ts';

/** The simulation cannot go on. What the harness waits for will not come. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

/**
 * Node runs all microtasks after each callback of setImmediate, and then the next one that was
 * asked for in the same turn of its event loop. A turn costs much more than a callback; so a turn
 * has many, which also bounds how long a signal waits.
 */
const hopsPerTurn = 256;
const realSetImmediate: typeof setImmediate = setImmediate;

export interface EngineOptions {
  /** Virtual milliseconds after which a run is given up. */
  readonly virtualTimeLimitMs: number;
  /** Makes clocks, real timers and real randomness throw while events and the harness run. */
  readonly trapImpurity: boolean;
}

export class Engine {
  readonly time: VirtualTime = new VirtualTime();
  readonly timers: HarnessTimers;
  readonly #options: EngineOptions;
  #harnessWasCalled = false;
  #isRunning = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.timers = {
      nowNs: () => this.time.nowUs * 1000,
      after: (delayMs, callback) => {
        const event = this.time.schedule(delayMs * 1000, () => this.callHarness(callback));
        return () => this.time.cancel(event);
      },
    };
  }

  /** Everything that calls into the harness, or settles a promise of it, goes through here. */
  callHarness(callback: () => void): void {
    this.#harnessWasCalled = true;
    callback();
  }

  /** Drives virtual time until `main` has settled; what is still scheduled waits for the next. */
  async run<T>(main: () => Promise<T>): Promise<T> {
    if (this.#isRunning) throw new SimulationError('this simulation is already being run');
    this.#isRunning = true;
    try {
      return await this.#drive(main);
    } finally {
      this.#isRunning = false;
    }
  }

  /** The traps are set within each turn, and what waits for the outcome runs outside of them. */
  async #drive<T>(main: () => Promise<T>): Promise<T> {
    const hops = new Hops(main, () => this.#runUntilHarness());
    do {
      await this.#turn(hops);
    } while (!hops.isSettled);
    return hops.outcome();
  }

  #turn(hops: Hops<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let takeAway = (): void => {};
    realSetImmediate(() => {
      if (this.#options.trapImpurity) takeAway = setImpurityTraps();
    });
    const hop = (): void => hops.next();
    for (let count = 0; count < hopsPerTurn; count++) realSetImmediate(hop);
    realSetImmediate(() => {
      takeAway();
      resolve();
    });
    return promise;
  }

  #runUntilHarness(): void {
    const limitUs = this.#options.virtualTimeLimitMs * 1000;
    this.#harnessWasCalled = false;
    while (!this.#harnessWasCalled) {
      if (!this.time.runNext()) {
        throw new SimulationError(
          `deadlock at ${this.time.nowUs} us: the harness waits and no event is left`,
        );
      }
      if (this.time.nowUs > limitUs) {
        throw new SimulationError(
          `the harness still waits after ${this.#options.virtualTimeLimitMs} virtual ms`,
        );
      }
    }
  }
}

/** The steps of one run: the beginning of the harness's function, then events until it settles. */
class Hops<T> {
  readonly #step: () => void;
  #main: (() => Promise<T>) | null;
  #result: Promise<T> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #isSettled = false;

  constructor(main: () => Promise<T>, step: () => void) {
    this.#main = main;
    this.#step = step;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Nothing when it has settled. Never throws. */
  next(): void {
    if (this.#isSettled) return;
    try {
      if (this.#main === null) this.#step();
      else this.#begin(this.#main);
    } catch (error) {
      this.#failure = { error };
      this.#isSettled = true;
    }
  }

  /** Of a run that has settled. */
  async outcome(): Promise<T> {
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#result === null) throw new SimulationError('the run has not begun');
    return this.#result;
  }

  #begin(main: () => Promise<T>): void {
    this.#main = null;
    const settle = (): void => {
      this.#isSettled = true;
    };
    this.#result = main();
    this.#result.then(settle, settle);
  }
}
