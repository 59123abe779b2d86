/**
 * Time from the machine: the one place of the server where it comes in.
 */
import type { TimerId, Timers } from '../host.ts';

export function createRealTimers(): Timers {
  return new RealTimers();
}

class RealTimers implements Timers {
  readonly #cancels = new Map<TimerId, () => void>();
  #nextId = 1;

  now(): number {
    return performance.now();
  }

  /** Without a delay: once what arrived in this turn of the event loop has been handled. */
  after(delayMs: number, callback: () => void): TimerId {
    const id = this.#nextId++;
    const fire = () => {
      this.#cancels.delete(id);
      callback();
    };
    if (delayMs <= 0) {
      const immediate = setImmediate(fire);
      this.#cancels.set(id, () => clearImmediate(immediate));
    } else {
      const timeout = setTimeout(fire, delayMs);
      this.#cancels.set(id, () => clearTimeout(timeout));
    }
    return id;
  }

  cancel(timer: TimerId): void {
    this.#cancels.get(timer)?.();
    this.#cancels.delete(timer);
  }
}
