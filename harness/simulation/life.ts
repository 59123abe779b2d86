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

  /** Runs the callback now, after the resumption, or never; always behind what came before it. */
  deliver(callback: () => void): void {
    if (this.#phase === 'ended') return;
    if (this.#phase === 'paused' || this.#backlog.length > 0) this.#backlog.push(callback);
    else this.#call(callback);
  }

  pause(): void {
    if (this.#phase === 'running') this.#phase = 'paused';
  }

  /** What had arrived runs from now on, each an event of its own, in the order of its arrival. */
  resume(): void {
    if (this.#phase !== 'paused') return;
    this.#phase = 'running';
    this.#catchUp();
  }

  end(): void {
    this.#phase = 'ended';
    this.#backlog = [];
  }

  #catchUp(): void {
    if (this.#phase !== 'running' || this.#backlog.length === 0) return;
    this.#time.schedule(1, () => {
      if (this.#phase !== 'running') return;
      const callback = this.#backlog[0];
      if (callback === undefined) return;
      this.#call(callback);
      this.#backlog.shift();
      this.#catchUp();
    });
  }

  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#onError(error);
    }
  }
}
