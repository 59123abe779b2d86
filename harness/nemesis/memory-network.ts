/**
 * The network of the cluster in memory: rules, and a count of what was told to run into them.
 *
 * It can be made to refuse, to lose its rules, and to lie about them. Nothing but tests may use it.
 */
import {
  type ClusterNetwork,
  type LinkMet,
  type LinkRule,
  type NetworkReading,
  networkReading,
} from '../cluster.ts';

export class MemoryNetwork implements ClusterNetwork {
  /** What is in force; a test may take it away. */
  rules: readonly LinkRule[] = [];
  /** What reading gives instead; null: the truth. */
  lie: readonly LinkRule[] | null = null;
  #met: readonly LinkMet[] = [];
  readonly #onSet: (rules: readonly LinkRule[]) => void;

  /** Told of each change before it is made; it may throw. */
  constructor(onSet: (rules: readonly LinkRule[]) => void) {
    this.#onSet = onSet;
  }

  async set(rules: readonly LinkRule[]): Promise<void> {
    this.#onSet(rules);
    this.rules = rules;
  }

  async read(): Promise<NetworkReading> {
    return networkReading(this.lie ?? this.rules, this.#met);
  }

  /** So many packets go from one end to the other, and meet each rule that is there. */
  carry(from: string, to: string, packets = 1): void {
    const on = this.rules.filter((rule) => rule.from === from && rule.to === to);
    const counts = on.map(({ mode }) => ({ from, to, type: mode.type, count: packets }));
    this.#met = [...this.#met, ...counts];
  }
}
