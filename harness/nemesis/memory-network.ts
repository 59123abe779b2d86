/**
 * The network of the cluster in memory: rules, and a count of what was told to run into them.
 *
 * It can be made to refuse, to lose its rules, and to lie about them. Nothing but tests may use it.
 */
import type { ClusterNetwork, LinkMode, LinkRule, NetworkReading } from '../cluster.ts';

export class MemoryNetwork implements ClusterNetwork {
  /** What is in force; a test may take it away. */
  rules: readonly LinkRule[] = [];
  /** What reading gives instead; null: the truth. */
  lie: readonly LinkRule[] | null = null;
  readonly #met: Partial<Record<LinkMode['type'], number>> = {};
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
    return { rules: this.lie ?? this.rules, met: { ...this.#met } };
  }

  /** So many packets go from one end to the other, and meet each rule that is there. */
  carry(from: string, to: string, packets = 1): void {
    for (const rule of this.rules) {
      if (rule.from !== from || rule.to !== to) continue;
      this.#met[rule.mode.type] = (this.#met[rule.mode.type] ?? 0) + packets;
    }
  }
}
