/** Why a node may end by itself now: each fault in force brings its own excuse. */
import type { Excuse } from '../cluster.ts';

export class Excuses {
  readonly #inForce = new Set<{ readonly excuse: Excuse }>();

  /** Until the returned function is called; whoever calls it again does nothing. */
  add(excuse: Excuse): () => void {
    const held = { excuse };
    this.#inForce.add(held);
    return () => {
      this.#inForce.delete(held);
    };
  }

  cover(words: string): boolean {
    return [...this.#inForce].some(({ excuse }) => excuse(words));
  }

  get isEmpty(): boolean {
    return this.#inForce.size === 0;
  }
}
