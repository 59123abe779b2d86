/**
 * The one desired state of the network: the rules of all faults in force, put in force together.
 *
 * Each change is one transaction of the cluster's, and is read back before it counts.
 */
import type { ClusterNetwork, Link, LinkRule, NetworkReading } from '../cluster.ts';
import { FaultError } from '../nemesis.ts';

/** A change that was made. */
export interface NetworkChange {
  readonly reading: NetworkReading;
  /** Whether exactly the desired rules were read back. */
  readonly isInForce: boolean;
}

export class DesiredNetwork {
  readonly #network: ClusterNetwork;
  readonly #rules = new Map<object, readonly LinkRule[]>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(network: ClusterNetwork) {
    this.#network = network;
  }

  /** The rules of this owner take the place of those that it had. */
  put(owner: object, rules: readonly LinkRule[]): Promise<NetworkChange> {
    return this.#change(owner, rules);
  }

  /** The owner's rules are gone; nothing happens when it has none. */
  remove(owner: object): Promise<NetworkChange> {
    return this.#change(owner, null);
  }

  read(): Promise<NetworkReading> {
    return this.#network.read();
  }

  /** Every rule of every owner is gone. */
  async clear(): Promise<void> {
    await this.#queue;
    this.#rules.clear();
    await this.#change(this, null);
  }

  /**
   * One after the other: a reading must be of its own change. What was refused is not desired any
   * more, or it would be in the way of everything after it.
   */
  #change(owner: object, wanted: readonly LinkRule[] | null): Promise<NetworkChange> {
    const changed = this.#queue.then(async () => {
      const desired = new Map(this.#rules).set(owner, wanted ?? []);
      const rules = distinctRules([...desired.values()].flat());
      await this.#network.set(rules);
      this.#rules.set(owner, wanted ?? []);
      if (wanted === null) this.#rules.delete(owner);
      const reading = await this.#network.read();
      return { reading, isInForce: sameRules(rules, reading.rules) };
    });
    this.#queue = changed.catch(() => {});
    return changed;
  }
}

/** For people, and to compare: `n1>n2 drop`, `n1>n2 delay 50ms+-10ms`. */
export function describeRule({ from, to, mode }: LinkRule): string {
  return `${from}>${to} ${describeMode(mode)}`;
}

/** `delay 50ms+-10ms`. */
export function describeMode(mode: LinkRule['mode']): string {
  switch (mode.type) {
    case 'loss':
      return `loss ${mode.percent}%`;
    case 'delay':
      return `delay ${mode.ms}ms+-${mode.jitterMs}ms`;
    case 'rate':
      return `rate ${mode.kilobitsPerS}kbit/s`;
    default:
      return mode.type;
  }
}

/** Two faults may ask for the same. Throws FaultError when they want a link in two ways of one. */
function distinctRules(rules: readonly LinkRule[]): readonly LinkRule[] {
  const distinct = new Map(rules.map((rule) => [describeRule(rule), rule]));
  const types = new Map<string, string>();
  for (const [words, { from, to, mode }] of distinct) {
    const place = `${from}>${to} ${mode.type}`;
    const other = types.get(place);
    if (other !== undefined) throw new FaultError(`two faults differ: ${other} and ${words}`);
    types.set(place, words);
  }
  return [...distinct.values()];
}

export function sameRules(a: readonly LinkRule[], b: readonly LinkRule[]): boolean {
  const left = new Set(a.map(describeRule));
  const right = new Set(b.map(describeRule));
  return left.size === right.size && [...left].every((rule) => right.has(rule));
}

/** A rule for each of the links, after which they carry nothing. */
export function dropRules(links: readonly Link[]): readonly LinkRule[] {
  return links.map(({ from, to }) => ({ from, to, mode: { type: 'drop' } }));
}
