/**
 * The configurations that the log holds, and the one that stands before them.
 *
 * In force is always the newest in the log, committed or not; so a truncation brings an older one
 * back, and a snapshot must bring the one that belongs to it. [Raft §6, §7]
 */
import { parseConfiguration } from './configuration.ts';
import type { ConfigurationAt, Entry } from './entry.ts';
import { InvariantError } from './invariant-error.ts';

export class ConfigurationHistory {
  /** The newest one of what the log no longer holds. */
  #base: ConfigurationAt;
  /** Those in the log behind it, by rising index. */
  #later: ConfigurationAt[] = [];

  constructor(base: ConfigurationAt) {
    this.#base = base;
  }

  /** In force. */
  get current(): ConfigurationAt {
    return this.#later.at(-1) ?? this.#base;
  }

  /** The one before the one in force, as far as it is still known. */
  get previous(): ConfigurationAt | null {
    return this.#later.length === 0 ? null : (this.#later.at(-2) ?? this.#base);
  }

  /** The newest at or before this index. */
  at(index: number): ConfigurationAt {
    const found = this.#later.findLast((one) => one.index <= index) ?? this.#base;
    if (found.index > index) {
      const facts = { index, oldestIndex: found.index };
      throw new InvariantError('a configuration is known for what is not compacted', facts);
    }
    return found;
  }

  /** Takes note of those among entries that were appended. Returns whether there was one. */
  append(entries: readonly Entry[]): boolean {
    let any = false;
    for (const entry of entries) {
      if (entry.kind !== 'configuration' || entry.index <= this.#base.index) continue;
      if (entry.index <= this.current.index) {
        const facts = { index: entry.index, currentIndex: this.current.index };
        throw new InvariantError('configurations are appended in order', facts);
      }
      const configuration = parseConfiguration(entry.data);
      this.#later.push({ index: entry.index, configuration });
      any = true;
    }
    return any;
  }

  /** The log loses the entries from this index on. Returns whether one of them was in force. */
  truncateFrom(index: number): boolean {
    const before = this.#later.length;
    this.#later = this.#later.filter((one) => one.index < index);
    return this.#later.length !== before;
  }

  /** The log begins behind this index. */
  compactTo(index: number): void {
    const base = this.#later.findLast((one) => one.index <= index);
    if (base === undefined) return;
    this.#base = base;
    this.#later = this.#later.filter((one) => one.index > index);
  }

  /**
   * A snapshot replaces the log. Nothing of what was before it may stay: a configuration that was
   * never committed would else be in force when its entry is gone, and decide with a quorum that
   * the others know nothing of.
   */
  resetTo(base: ConfigurationAt): void {
    this.#base = base;
    this.#later = [];
  }
}
