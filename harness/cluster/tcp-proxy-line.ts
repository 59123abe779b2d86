/**
 * One direction between two ends, as proxies see it: its modes, and when bytes have passed.
 *
 * Every connection of the direction shares its line: they share one rate, one stream of random
 * numbers and one set of counters. Pure but for the counters: sockets and timers are the pipe's.
 */
import type { Link, LinkMet, LinkMode } from '../cluster.ts';

export type ModeCounts = Readonly<Partial<Record<LinkMode['type'], number>>>;

/** What TCP waits before it sends again what was lost; twice as long each further time. */
const retransmissionMs = 200;

/** Chunks are larger than packets: what a packet carries, so that loss is by the packet. */
const segmentBytes = 1448;

export class ProxyLine {
  readonly #random: () => number;
  readonly #watchers = new Set<(line: ProxyLine) => void>();
  readonly #met = new Map<LinkMode['type'], number>();
  #modes: readonly LinkMode[] = [];
  /** When the last byte of what was given to the rate so far will have left. */
  #freeAtMs = 0;

  /** Uniform in [0, 1); for loss and jitter. */
  constructor(random: () => number) {
    this.#random = random;
  }

  get modes(): readonly LinkMode[] {
    return this.#modes;
  }

  /** How often something has met a mode: chunks and connections, of `loss` the lost ones only. */
  get met(): ModeCounts {
    return Object.fromEntries(this.#met);
  }

  /** As `met`, of the link that the line is. */
  metOn({ from, to }: Link): readonly LinkMet[] {
    return [...this.#met].map(([type, count]) => ({ from, to, type, count }));
  }

  has(type: LinkMode['type']): boolean {
    return this.#modes.some((mode) => mode.type === type);
  }

  /** Takes note that something has met the mode. */
  note(type: LinkMode['type']): void {
    this.#met.set(type, (this.#met.get(type) ?? 0) + 1);
  }

  /** Told after a change of the modes; returns how to stop. */
  watch(watcher: (line: ProxyLine) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** When so many bytes, given to the line now, have passed it. */
  passesAtMs(bytes: number, nowMs: number): number {
    let atMs = nowMs;
    for (const mode of this.#modes) {
      switch (mode.type) {
        case 'rate':
          this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (bytes * 8) / mode.kilobitsPerS;
          atMs = Math.max(atMs, this.#freeAtMs);
          this.note('rate');
          break;
        case 'delay':
          atMs += Math.max(0, mode.ms + mode.jitterMs * (2 * this.#random() - 1));
          this.note('delay');
          break;
        case 'loss':
          atMs += this.#lossMs(bytes, mode.percent);
          break;
        default:
      }
    }
    return atMs;
  }

  /** What is lost comes when it has been sent again, and was not lost again; at 100 %, in days. */
  #lossMs(bytes: number, percent: number): number {
    let worst = 0;
    for (let sent = 0; sent < bytes; sent += segmentBytes) {
      let losses = 0;
      while (losses < 20 && this.#random() * 100 < percent) {
        losses++;
        this.note('loss');
      }
      worst = Math.max(worst, losses);
    }
    return retransmissionMs * (2 ** worst - 1);
  }

  /** For `changeLines`. Returns whether they differ from what they were. */
  assign(modes: readonly LinkMode[]): boolean {
    if (JSON.stringify(modes) === JSON.stringify(this.#modes)) return false;
    this.#modes = modes;
    this.#freeAtMs = 0;
    return true;
  }

  /** For `changeLines`. */
  announce(): void {
    for (const watcher of [...this.#watchers]) watcher(this);
  }
}

/** Every line has its new modes before any of them lets go what it kept: one transaction. */
export function changeLines(modes: ReadonlyMap<ProxyLine, readonly LinkMode[]>): void {
  const changed = [...modes].filter(([line, its]) => line.assign(its)).map(([line]) => line);
  for (const line of changed) line.announce();
}
