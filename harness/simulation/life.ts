/**
 * A life of a node: from its start to its end, the time in which its code may run.
 *
 * Whatever calls into the server's code goes through `deliver`. A frozen node keeps what arrives
 * until it is resumed, as a kernel does for a stopped process; a dead one hears nothing, so no
 * timer, message or disk callback of an earlier life reaches a later one.
 */
import type { VirtualTime } from './virtual-time.ts';

export class Life {
  readonly node: string;
  /** 1 for the first life of this node. */
  readonly number: number;
  readonly #time: VirtualTime;
  readonly #onError: (error: unknown) => void;
  #phase: 'running' | 'paused' | 'ended' = 'running';
  #backlog: (() => void)[] = [];

  /** `onError` takes what the server's code throws: on a real machine that ends the process. */
  constructor(
    identity: { readonly node: string; readonly number: number },
    time: VirtualTime,
    onError: (error: unknown) => void,
  ) {
    this.node = identity.node;
    this.number = identity.number;
    this.#time = time;
    this.#onError = onError;
  }

  get phase(): 'running' | 'paused' | 'ended' {
    return this.#phase;
  }

  /** Runs the callback now, at the resumption, or never. */
  deliver(callback: () => void): void {
    if (this.#phase === 'ended') return;
    if (this.#phase === 'paused') {
      this.#backlog.push(callback);
      return;
    }
    try {
      callback();
    } catch (error) {
      this.#onError(error);
    }
  }

  pause(): void {
    if (this.#phase === 'running') this.#phase = 'paused';
  }

  /** What had arrived runs from now on, each an event of its own, in the order of its arrival. */
  resume(): void {
    if (this.#phase !== 'paused') return;
    this.#phase = 'running';
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const callback of backlog) this.#time.schedule(1, () => this.deliver(callback));
  }

  end(): void {
    this.#phase = 'ended';
    this.#backlog = [];
  }
}
