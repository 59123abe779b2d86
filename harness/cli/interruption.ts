/**
 * Ctrl-C: once to stop the workload and check what there is, twice to give up and clean up.
 *
 * The launcher's death counts as the second: nobody is left to read a verdict.
 */

export class Interruption {
  #asked = 0;
  #checking: AbortController | null = null;
  readonly #onGiveUp: () => void;
  readonly #onFirst: () => void;
  readonly #handler = (): void => this.#interrupt();
  readonly #disconnected = (): void => {
    this.#asked = Math.max(this.#asked, 1);
    this.#interrupt();
  };

  constructor(onFirst: () => void, onGiveUp: () => void) {
    this.#onFirst = onFirst;
    this.#onGiveUp = onGiveUp;
    process.off('SIGINT', ignore);
    process.on('SIGINT', this.#handler);
    process.on('SIGTERM', this.#handler);
    if (process.env['RAFTURE_LAUNCHER'] === '1') process.on('disconnect', this.#disconnected);
  }

  /** True from the first one on. */
  get asked(): boolean {
    return this.#asked > 0;
  }

  /** From now on the first Ctrl-C ends the check; it aborts the result. */
  beginCheck(): AbortSignal {
    this.#checking = new AbortController();
    return this.#checking.signal;
  }

  /** The verdict is out: a Ctrl-C that comes now must not replace it by a death by signal. */
  dispose(): void {
    process.on('SIGINT', ignore);
    process.off('SIGINT', this.#handler);
    process.off('SIGTERM', this.#handler);
    process.off('disconnect', this.#disconnected);
  }

  #interrupt(): void {
    this.#asked++;
    if (this.#asked === 1) {
      this.#checking?.abort();
      this.#onFirst();
    }
    if (this.#asked === 2) this.#onGiveUp();
  }
}

function ignore(): void {}
