/**
 * Whether a limit of writes is felt: no kernel counts the writes that had to wait, but all of them.
 *
 * They are counted many times a second. Where they came as fast as the limit lets them, for a
 * while, it was the limit that held them up: a node with less to write never gets there.
 */

export interface WatchReading {
  readonly writesWhileSlow: number;
  /** The most that was seen, in a second. */
  readonly mostPerSecond: number;
  /** Writes that came at the pace of the limit. */
  readonly waited: number;
}

interface Sample {
  readonly atMs: number;
  readonly writes: number;
}

const sampleEveryMs = 50;
/** The kernel lets a burst through at the beginning: what is shorter says nothing. */
const spanMinMs = 300;
/** And fewer writes than that are no pace. */
const writesMin = 4;
/** Of the limit: counts are read a little late. */
const pace = 0.9;

export class WriteWatch {
  readonly #perSecond: number;
  readonly #spanMs: number;
  readonly #nowMs: () => number;
  #count: () => number = () => 0;
  #samples: Sample[] = [];
  /** Of the count as it is now, how much has been found to have waited. */
  #waitedUpTo = 0;
  #timer: NodeJS.Timeout | null = null;
  #writes = 0;
  #waited = 0;
  #most = 0;

  constructor(perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#spanMs = Math.max(spanMinMs, (writesMin * 1000) / perSecond);
    this.#nowMs = nowMs;
  }

  /** The writes of a container so far; one that is started anew counts from the beginning. */
  follow(count: () => number): void {
    this.#count = count;
    this.#samples = [];
    this.sample();
    this.#waitedUpTo = this.#samples[0]?.writes ?? 0;
    this.#timer ??= setInterval(() => this.sample(), sampleEveryMs);
  }

  /** Looks once more. */
  stop(): WatchReading {
    this.sample();
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    return this.reading;
  }

  get reading(): WatchReading {
    const mostPerSecond = Math.round(this.#most * 10) / 10;
    return { writesWhileSlow: this.#writes, mostPerSecond, waited: this.#waited };
  }

  sample(): void {
    const now = { atMs: this.#nowMs(), writes: this.#countNow() };
    this.#writes += now.writes - (this.#samples.at(-1)?.writes ?? now.writes);
    this.#samples.push(now);
    const since = this.#samples.findLastIndex(({ atMs }) => now.atMs - atMs >= this.#spanMs);
    const then = this.#samples[since];
    if (then === undefined) return;
    this.#samples.splice(0, since);
    const writes = now.writes - then.writes;
    const perSecond = (writes * 1000) / (now.atMs - then.atMs);
    this.#most = Math.max(this.#most, perSecond);
    if (writes < writesMin || perSecond < pace * this.#perSecond) return;
    this.#waited += now.writes - Math.max(then.writes, this.#waitedUpTo);
    this.#waitedUpTo = now.writes;
  }

  /** A container that is gone writes nothing more. */
  #countNow(): number {
    try {
      return this.#count();
    } catch {
      return this.#samples.at(-1)?.writes ?? 0;
    }
  }
}
