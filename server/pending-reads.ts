/**
 * Reads on their way: asked of the core, then confirmed, then waiting until their index is applied.
 * [Ongaro §6.4]
 */
import type { ReadCommand, Reply } from './kv/command.ts';

export interface PendingRead {
  readonly command: ReadCommand;
  readonly reply: (reply: Reply) => void;
}

interface ConfirmedRead extends PendingRead {
  readonly readIndex: number;
}

export class PendingReads {
  readonly #asked = new Map<number, PendingRead>();
  #confirmed: ConfirmedRead[] = [];

  get count(): number {
    return this.#asked.size + this.#confirmed.length;
  }

  ask(id: number, read: PendingRead): void {
    this.#asked.set(id, read);
  }

  confirm(id: number, readIndex: number): void {
    const read = this.take(id);
    if (read !== null) this.#confirmed.push({ ...read, readIndex });
  }

  /** A read that was asked of the core, and is settled now; null when it was given up meanwhile. */
  take(id: number): PendingRead | null {
    const read = this.#asked.get(id) ?? null;
    this.#asked.delete(id);
    return read;
  }

  /** Those that may be served now: nothing that they must see is still to be applied. */
  takeReady(appliedIndex: number): readonly PendingRead[] {
    if (this.#confirmed.length === 0) return [];
    const ready = this.#confirmed.filter(({ readIndex }) => readIndex <= appliedIndex);
    this.#confirmed = this.#confirmed.filter(({ readIndex }) => readIndex > appliedIndex);
    return ready;
  }

  takeAll(): readonly PendingRead[] {
    const all = [...this.#confirmed, ...this.#asked.values()];
    this.#confirmed = [];
    this.#asked.clear();
    return all;
  }
}
