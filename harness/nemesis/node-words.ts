/** What some nodes write while a fault is in force, for its evidence: a few lines, cut off. */
import type { Cluster } from '../cluster.ts';

const linesMax = 4;
const charactersMax = 300;

export interface SaidLine {
  readonly node: string;
  readonly line: string;
}

export class NodeWords {
  readonly stop: () => void;
  #first: readonly SaidLine[] = [];
  #last: readonly SaidLine[] = [];
  #matching: readonly SaidLine[] = [];

  /** Listens from now on. */
  constructor(cluster: Cluster, nodes: readonly string[], pattern: RegExp | null = null) {
    this.stop = cluster.onLogLine((node, whole) => {
      if (!nodes.includes(node)) return;
      const said = { node, line: whole.slice(0, charactersMax) };
      if (this.#first.length < linesMax) this.#first = [...this.#first, said];
      else this.#last = [...this.#last, said].slice(-linesMax);
      if (pattern?.test(whole) === true && this.#matching.length < linesMax) {
        this.#matching = [...this.#matching, said];
      }
    });
  }

  /** The first lines, and the last. */
  get some(): readonly SaidLine[] {
    return [...this.#first, ...this.#last];
  }

  /** The first lines that the pattern matches. */
  get matching(): readonly SaidLine[] {
    return this.#matching;
  }
}
