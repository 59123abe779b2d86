/**
 * What a script remembers of the looks at the nodes, and what it may compare with later.
 *
 * A node that does not answer stands where it was seen last: it can have got no further.
 */
import type { IntrospectionSample } from '../checker.ts';

/** How things were when a fault began. */
export interface Marks {
  /** The last term that was seen to have a leader; -1: none yet. */
  readonly leaderTerm: number;
  /** The greatest term; null: nobody was asked yet. */
  readonly term: number | null;
  /** By node, how many snapshots it has installed. */
  readonly installed: ReadonlyMap<string, number>;
}

export class ScriptMemory {
  readonly #last = new Map<string, IntrospectionSample>();
  readonly #installed = new Map<string, number>();
  #leaderTerm = -1;
  #leader: string | null = null;
  #term: number | null = null;

  note(samples: readonly IntrospectionSample[]): void {
    for (const sample of samples) {
      this.#noteInstalled(sample);
      this.#last.set(sample.node, sample);
      const { term, role, node } = sample;
      this.#term = Math.max(this.#term ?? term, term);
      if (role !== 'leader' || term <= this.#leaderTerm) continue;
      this.#leaderTerm = term;
      this.#leader = node;
    }
  }

  marks(): Marks {
    const installed = new Map(this.#installed);
    return { leaderTerm: this.#leaderTerm, term: this.#term, installed };
  }

  /** Of the last term that had one; null: none was seen. */
  get leader(): string | null {
    return this.#leader;
  }

  installedBy(node: string): number {
    return this.#installed.get(node) ?? 0;
  }

  /** Each node as it was seen last. */
  get nodes(): readonly IntrospectionSample[] {
    return [...this.#last.values()];
  }

  /** The furthest that anything is known to be committed. */
  get commitIndex(): number {
    return Math.max(0, ...this.nodes.map((sample) => sample.commitIndex));
  }

  /** A new life counts from nothing. */
  #noteInstalled({ node, life, snapshotsInstalled = 0 }: IntrospectionSample): void {
    const before = this.#last.get(node);
    const counted = before?.life === life ? (before.snapshotsInstalled ?? 0) : 0;
    const more = Math.max(0, snapshotsInstalled - counted);
    this.#installed.set(node, this.installedBy(node) + more);
  }
}
