/**
 * The simulated network between the nodes: datagrams, each with a fate of its own.
 *
 * A message may take any time within its latency, overtake another, be lost or come twice; on a cut
 * link it is lost. It travels as the bytes that real peers exchange, so that no two nodes ever
 * share an object.
 */

import type { Network } from '../../server/host.ts';
import type { NodeId } from '../../server/raft/entry.ts';
import type { Message } from '../../server/raft/message.ts';
import type { Link } from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import { drawLatencyUs, type Latency } from './latency.ts';
import type { Life } from './life.ts';
import type { ServerCode } from './server-code.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface NetworkSurroundings {
  /** How a message travels. */
  readonly codec: Pick<ServerCode, 'encodeMessage' | 'parseMessage'>;
  readonly time: VirtualTime;
  readonly trace: Trace;
  /** The stream with this name. */
  readonly randomStream: (name: string) => RandomSource;
  readonly latency: Latency;
  readonly dropProbability: number;
  readonly duplicateProbability: number;
}

/** What became of the messages so far. */
export interface MessageCounts {
  readonly sent: number;
  readonly delivered: number;
  /** Lost on cut links. */
  readonly cut: number;
  /** Lost by chance. */
  readonly lost: number;
  /** For a node that did not live when they arrived. */
  readonly unreachable: number;
}

interface Endpoint {
  readonly life: Life;
  onMessage: (from: NodeId, message: Message) => void;
  onPeer: (peer: NodeId, connected: boolean) => void;
}

export class SimulatedNetwork {
  readonly #surroundings: NetworkSurroundings;
  readonly #endpoints = new Map<NodeId, Endpoint>();
  /** A stream for each directed pair: what happens on one link shifts no other. */
  readonly #streams = new Map<string, RandomSource>();
  readonly #counts = { sent: 0, delivered: 0, cut: 0, lost: 0, unreachable: 0 };
  #cut: ReadonlyMap<string, Link> = new Map();

  constructor(surroundings: NetworkSurroundings) {
    this.#surroundings = surroundings;
  }

  get counts(): MessageCounts {
    return { ...this.#counts };
  }

  get cut(): readonly Link[] {
    return [...this.#cut.values()];
  }

  /** From now on exactly these links carry nothing; what is under way on them is lost too. */
  setCut(links: readonly Link[]): void {
    this.#cut = new Map(links.map(({ from, to }) => [linkName(from, to), { from, to }]));
    for (const name of this.#cut.keys()) this.#surroundings.trace.text(name);
  }

  /** Connects a life of a node, in the place of its earlier one. */
  attach(life: Life): Network {
    const endpoint: Endpoint = { life, onMessage: () => undefined, onPeer: () => undefined };
    this.#endpoints.set(life.node, endpoint);
    this.#announce(life.node, true);
    return {
      send: (to, message) => {
        if (life.phase === 'running') this.#send(life.node, to, message);
      },
      onMessage: (handler) => {
        endpoint.onMessage = handler;
      },
      onPeer: (handler) => {
        endpoint.onPeer = handler;
      },
    };
  }

  /** The node's life has ended: its peers see their connections close. */
  detach(node: NodeId): void {
    this.#endpoints.delete(node);
    this.#announce(node, false);
  }

  #send(from: NodeId, to: NodeId, message: Message): void {
    const { dropProbability, duplicateProbability } = this.#surroundings;
    const random = this.#streamOf(from, to);
    const isLost = random() < dropProbability;
    const isDoubled = random() < duplicateProbability;
    this.#counts.sent++;
    if (this.#cut.has(linkName(from, to))) {
      this.#counts.cut++;
      return;
    }
    if (isLost) {
      this.#counts.lost++;
      return;
    }
    const bytes = this.#surroundings.codec.encodeMessage(message);
    this.#launch(from, to, bytes);
    if (isDoubled) this.#launch(from, to, bytes);
  }

  #launch(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    const { time, latency } = this.#surroundings;
    time.schedule(drawLatencyUs(this.#streamOf(from, to), latency), () => {
      this.#arrive(from, to, bytes);
    });
  }

  #arrive(from: NodeId, to: NodeId, bytes: Uint8Array): void {
    const { time, trace, codec } = this.#surroundings;
    if (this.#cut.has(linkName(from, to))) {
      this.#counts.cut++;
      return;
    }
    const endpoint = this.#endpoints.get(to);
    if (endpoint === undefined) {
      this.#counts.unreachable++;
      return;
    }
    this.#counts.delivered++;
    trace.number(time.nowUs);
    trace.bytes(bytes);
    endpoint.life.deliver(() => endpoint.onMessage(from, codec.parseMessage(bytes)));
  }

  /** Tells both ends of each connection of this node, one after the other. */
  #announce(node: NodeId, connected: boolean): void {
    const { time, latency } = this.#surroundings;
    for (const [peer, other] of this.#endpoints) {
      if (peer === node) continue;
      time.schedule(drawLatencyUs(this.#streamOf(node, peer), latency), () => {
        other.life.deliver(() => other.onPeer(node, connected));
      });
      const own = this.#endpoints.get(node);
      if (own === undefined) continue;
      time.schedule(drawLatencyUs(this.#streamOf(peer, node), latency), () => {
        own.life.deliver(() => own.onPeer(peer, connected));
      });
    }
  }

  #streamOf(from: NodeId, to: NodeId): RandomSource {
    const name = linkName(from, to);
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream = this.#surroundings.randomStream(`network/${name}`);
    this.#streams.set(name, stream);
    return stream;
  }
}

function linkName(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
