/**
 * Warnings that others can cause at will: each kind at most once in a while, so that who knocks
 * without end cannot fill the log.
 */
import type { Log, Timers } from '../host.ts';

const silenceMs = 10_000;
const kindsMax = 256;

export class LimitedWarnings {
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #kinds = new Map<string, { atMs: number; suppressed: number }>();

  constructor(log: Log, timers: Timers) {
    this.#log = log;
    this.#timers = timers;
  }

  /** Equal name and fields are one kind; what was kept back is counted in the next one. */
  warn(name: string, fields: Readonly<Record<string, unknown>>): void {
    const kind = `${name} ${JSON.stringify(fields)}`;
    const nowMs = this.#timers.now();
    const last = this.#kinds.get(kind);
    if (last !== undefined && nowMs - last.atMs < silenceMs) {
      last.suppressed += 1;
      return;
    }
    if (last === undefined && this.#kinds.size >= kindsMax && !this.#forget(nowMs)) return;
    this.#kinds.set(kind, { atMs: nowMs, suppressed: 0 });
    const suppressed = last?.suppressed ?? 0;
    this.#log.event('warn', name, suppressed > 0 ? { ...fields, suppressed } : fields);
  }

  /** Makes room; false when all kinds are new. */
  #forget(nowMs: number): boolean {
    for (const [kind, { atMs }] of this.#kinds) {
      if (nowMs - atMs >= silenceMs) this.#kinds.delete(kind);
    }
    return this.#kinds.size < kindsMax;
  }
}
