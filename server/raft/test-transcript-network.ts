/**
 * The network of a transcript: messages stand still until a line says what becomes of them.
 *
 * A link is written `n1->n2`; `*` stands for any server. test-transcript.ts has the commands.
 */
import type { NodeId } from './entry.ts';
import type { Message } from './message.ts';

export class TranscriptError extends Error {
  override readonly name = 'TranscriptError';
}

export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export class TranscriptNetwork {
  /** Under way, in the order in which they were sent. */
  packets: Packet[] = [];
  /** Held back: they come when it is asked for, however late that is. */
  #late: Packet[] = [];
  #sides: readonly (readonly NodeId[])[] = [];
  #cutLinks: readonly string[] = [];

  send(packet: Packet): void {
    this.packets.push(packet);
  }

  /** Takes the oldest of this link off the network; all when no number is given. */
  take(link: string, count: number = Number.POSITIVE_INFINITY): readonly Packet[] {
    const [taken, rest] = partition(this.packets, link, count);
    this.packets = rest;
    return taken;
  }

  /** They stay under way, and come once more later. */
  double(link: string, count: number): void {
    const [doubled] = partition(this.packets, link, count);
    this.#late.push(...some(doubled, link));
  }

  holdBack(link: string, count: number): void {
    this.#late.push(...some(this.take(link, count), link));
  }

  /** What was held back is under way again, behind all the others. */
  comeLate(link: string, count: number): void {
    const [coming, rest] = partition(this.#late, link, count);
    this.#late = rest;
    this.packets.push(...some(coming, link));
  }

  /** `n1 n2 | n3`, or links. */
  cut(args: readonly string[]): void {
    const bar = args.indexOf('|');
    if (bar === -1) this.#cutLinks = [...this.#cutLinks, ...args];
    else this.#sides = [args.slice(0, bar), args.slice(bar + 1)];
  }

  heal(): void {
    this.#sides = [];
    this.#cutLinks = [];
  }

  isCut(packet: Packet): boolean {
    if (this.#cutLinks.some((link) => isOn(packet, link))) return true;
    const sideOf = (id: NodeId): number => this.#sides.findIndex((side) => side.includes(id));
    return sideOf(packet.from) !== sideOf(packet.to);
  }
}

function partition(packets: readonly Packet[], link: string, count: number): [Packet[], Packet[]] {
  const taken = packets.filter((packet) => isOn(packet, link)).slice(0, count);
  return [taken, packets.filter((packet) => !taken.includes(packet))];
}

/** A schedule that says something of a message that is not there, is not what its author meant. */
function some(packets: readonly Packet[], link: string): readonly Packet[] {
  if (packets.length === 0) throw new TranscriptError(`no message of ${link} is there`);
  return packets;
}

function isOn({ from, to }: Packet, link: string): boolean {
  const [sender, receiver] = link.split('->');
  return (sender === '*' || sender === from) && (receiver === '*' || receiver === to);
}
