/**
 * A made-up network: messages are lost, doubled, late by terms, and sides do not hear each other.
 */
import type { NodeId } from './entry.ts';
import type { Message } from './message.ts';
import type { Dice } from './test-random.ts';

export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export interface NetworkFaults {
  readonly dropRate: number;
  readonly duplicateRate: number;
  /** How often a copy is kept for a moment when nobody expects it any more. */
  readonly limboRate: number;
}

export class TestNetwork {
  readonly #dice: Dice;
  readonly #faults: NetworkFaults;
  #packets: Packet[] = [];
  readonly #limbo: Packet[] = [];
  /** Directions in which nothing passes, as `from>to`. */
  #cut: ReadonlySet<string> = new Set();

  constructor(dice: Dice, faults: NetworkFaults) {
    this.#dice = dice;
    this.#faults = faults;
  }

  send(packet: Packet): void {
    this.#packets.push(packet);
    // For ever lost under a flood is a loss like any other.
    if (this.#packets.length > 2000) this.#packets.splice(this.#dice.below(1000), 1);
  }

  /** What arrives next, if anything does. */
  takeOne(): readonly Packet[] {
    const dice = this.#dice;
    const arrived: Packet[] = [];
    // Mostly in order; else any, so that some arrive terms later than they were sent.
    const position = dice.chance(0.7) ? 0 : dice.below(this.#packets.length);
    const [packet] = this.#packets.splice(position, 1);
    if (packet === undefined) return [];
    const { limboRate } = this.#faults;
    // One that asks a follower to stand does harm only when it is late.
    if (packet.message.type === 'timeoutNow' && dice.chance(0.4)) {
      this.#limbo.push(packet);
      return [];
    }
    if (dice.chance(limboRate)) this.#limbo.push(packet);
    if (dice.chance(limboRate)) {
      arrived.push(...this.#limbo.splice(dice.below(this.#limbo.length), 1));
    }
    if (dice.chance(this.#faults.duplicateRate)) this.#packets.push(packet);
    if (!dice.chance(this.#faults.dropRate)) arrived.push(packet);
    return arrived.filter((one) => this.#passes(one));
  }

  /** All that is under way, in its order. */
  takeAll(): readonly Packet[] {
    const packets = this.#packets;
    this.#packets = [];
    return packets.filter((one) => this.#passes(one));
  }

  heal(): void {
    this.#cut = new Set();
  }

  /** Two sides, sometimes one of them deaf only; `alone` is on a side of its own, if given. */
  split(ids: readonly NodeId[], alone: NodeId | null): void {
    const dice = this.#dice;
    const sides = new Map(
      ids.map((id) => [id, alone === null ? dice.below(2) : Number(id === alone)]),
    );
    const oneWay = dice.chance(0.2);
    const cut = new Set<string>();
    for (const from of ids) {
      for (const to of ids) {
        const [a, b] = [sides.get(from) ?? 0, sides.get(to) ?? 0];
        if (a < b || (a > b && !oneWay)) cut.add(`${from}>${to}`);
      }
    }
    this.#cut = cut;
  }

  /** Only these hear each other. */
  isolate(ids: readonly NodeId[], side: ReadonlySet<NodeId>): void {
    const pairs = ids.flatMap((from) => ids.map((to) => ({ from, to })));
    const cut = pairs.filter(({ from, to }) => !(side.has(from) && side.has(to)));
    this.#cut = new Set(cut.map(({ from, to }) => `${from}>${to}`));
  }

  /** One link breaks, both ways: everybody else hears both. */
  cutLink(a: NodeId, b: NodeId): void {
    this.#cut = new Set([...this.#cut, `${a}>${b}`, `${b}>${a}`]);
  }

  #passes({ from, to }: Packet): boolean {
    return !this.#cut.has(`${from}>${to}`);
  }
}
