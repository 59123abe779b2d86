/**
 * The engine: runs a harness's asynchronous code on virtual time.
 *
 * The server's code is all callbacks, the harness's is promises. So after each event that called
 * into the harness, and only then, it lets every microtask run before the next event: the order of
 * things is the same each time. The harness must not wait for real input or output meanwhile.
 */
import { setImmediate as afterMicrotasks } from 'node:timers/promises';
import type { HarnessTimers } from '../run/timers.ts';
import { withImpurityTraps } from './impurity-traps.ts';
import { VirtualTime } from './virtual-time.ts';

/** The simulation cannot go on. What the harness waits for will not come. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
}

export interface EngineOptions {
  /** Virtual milliseconds after which a run is given up. */
  readonly virtualTimeLimitMs: number;
  /** Makes clocks, real timers and Math.random throw while events run. */
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

  async #drive<T>(main: () => Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    const outcome = main();
    outcome.then(settle, settle);
    await afterMicrotasks();
    const step = this.#options.trapImpurity
      ? () => withImpurityTraps(() => this.#runUntilHarness())
      : () => this.#runUntilHarness();
    while (!isSettled) {
      step();
      await afterMicrotasks();
    }
    return outcome;
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
