/**
 * How long the operations of a simulated disk take, and in which order they end.
 *
 * Operations of one file, and those of the directory, end in the order of their beginning; others
 * overtake each other. What is under way at a crash never ends.
 */
import type { RandomSource } from '../run/random.ts';
import { drawLatencyUs, type Latency } from './latency.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface DiskLatencies {
  readonly access: Latency;
  readonly sync: Latency;
}

interface TimingSurroundings {
  readonly time: VirtualTime;
  readonly random: RandomSource;
  readonly trace: Trace;
  readonly latencies: DiskLatencies;
}

/** A file, or the directory: one operation after the other. */
export interface Busy {
  busyUntilUs: number;
}

export class DiskTiming {
  readonly #surroundings: TimingSurroundings;
  /** Between the beginnings of two syncs; null: it is as fast as ever. */
  #syncEveryUs: number | null = null;
  #nextSyncUs = 0;
  #delayedSyncs = 0;
  #epoch = 0;

  constructor(surroundings: TimingSurroundings) {
    this.#surroundings = surroundings;
  }

  /** At most so many syncs a second; null: as fast as it can. */
  slow(syncsPerS: number | null): void {
    this.#syncEveryUs = syncsPerS === null ? null : Math.ceil(1e6 / syncsPerS);
    this.#nextSyncUs = 0;
  }

  get reading(): { readonly syncEveryUs: number | null; readonly delayedSyncs: number } {
    return { syncEveryUs: this.#syncEveryUs, delayedSyncs: this.#delayedSyncs };
  }

  /** Nothing that is under way ends. */
  abandonAll(): void {
    this.#epoch++;
  }

  later(kind: keyof DiskLatencies, busy: Busy, callback: () => void): void {
    const { time, random, trace, latencies } = this.#surroundings;
    const epoch = this.#epoch;
    const latencyUs = drawLatencyUs(random, latencies[kind]);
    const turnUs = kind === 'sync' ? this.#turnOfSync() : time.nowUs;
    const endUs = Math.max(time.nowUs + 1, Math.max(turnUs, busy.busyUntilUs) + latencyUs);
    busy.busyUntilUs = endUs;
    time.scheduleAt(endUs, () => {
      if (epoch !== this.#epoch) return;
      trace.number(endUs);
      callback();
    });
  }

  /** When it may begin. */
  #turnOfSync(): number {
    const { nowUs } = this.#surroundings.time;
    if (this.#syncEveryUs === null) return nowUs;
    const turnUs = Math.max(nowUs, this.#nextSyncUs);
    this.#nextSyncUs = turnUs + this.#syncEveryUs;
    if (turnUs > nowUs) this.#delayedSyncs++;
    return turnUs;
  }
}
