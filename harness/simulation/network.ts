/**
 * The simulated network between the nodes: datagrams, each with a fate of its own.
 *
 * A message may take any time within its latency, overtake another, be lost or come twice; on a cut
 * link it is lost, on one that holds it waits, and it is lost when the receiver does not let its
 * sender in. It travels as the bytes that real peers exchange, so that no two nodes ever share an
 * object.
 */
import type { Network } from '../../server/host.ts';
import type { NodeId } from '../../server/raft/entry.ts';
import type { Message } from '../../server/raft/message.ts';
import type { LinkRule } from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import { Admissions, type Knocking } from './admissions.ts';
import { drawLatencyUs, type Latency } from './latency.ts';
import type { Life } from './life.ts';
import { type LinkRules, linkName } from './link-rules.ts';
import { Replays } from './replays.ts';
import type { ServerCode } from './server-code.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

export type { Message };

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
  /** Of the messages, those with which an old one of their link comes again. Default 0. */
  readonly replayProbability?: number;
  readonly rules: LinkRules;
  /** A node sends a message, or hears of one. May throw. */
  readonly onStep?: (node: NodeId) => void;
}

/** What became of the messages so far. */
export interface MessageCounts {
  readonly sent: number;
  readonly delivered: number;
  /** Lost on cut links. */
  readonly cut: number;
  /** Lost by chance. */
  readonly lost: number;
  /** For a node that did not live when they arrived, or that its sender has no address of. */
  readonly unreachable: number;
  /** From a life that the receiver did not let in. */
  readonly refused: number;
  /** Came once more, long after they had been delivered. */
  readonly replayed: number;
}

/** What became of a message, for who draws it. */
export interface MessageEnd {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly sentUs: number;
  readonly endUs: number;
  readonly fate: Exclude<keyof MessageCounts, 'sent' | 'replayed'>;
  /** Another of the same moment, or one that has been delivered before. */
  readonly kind: 'first' | 'copy' | 'replay';
  readonly message: Message;
}

interface OnItsWay {
  readonly sender: Knocking;
  readonly bytes: Uint8Array;
  readonly sentUs: number;
  /** A replay says nothing of who is connected with whom now. */
  readonly kind: MessageEnd['kind'];
}

/** It has come as far as a link that holds it, on its way to this life. */
interface Held {
  readonly message: OnItsWay;
  readonly to: NodeId;
  readonly receiver: Life | null;
}

interface Endpoint {
  readonly life: Life;
  readonly admissions: Admissions;
  /** Whom it can reach; nobody until it is told. */
  peers: ReadonlySet<NodeId>;
  /** Who reached it: these can be answered even by who was not told of them. */
  readonly incoming: Map<NodeId, Life>;
  onMessage: (from: NodeId, message: Message) => void;
  onPeer: (peer: NodeId, connected: boolean) => void;
}

export class SimulatedNetwork {
  /** Hears what became of each message that is no longer under way; null: nobody does. */
  observer: ((end: MessageEnd) => void) | null = null;
  readonly #surroundings: NetworkSurroundings;
  readonly #endpoints = new Map<NodeId, Endpoint>();
  /** A stream for each directed pair: what happens on one link shifts no other. */
  readonly #streams = new Map<string, RandomSource>();
  readonly #counts = {
    ...{ sent: 0, delivered: 0, cut: 0, lost: 0, unreachable: 0, refused: 0, replayed: 0 },
  };
  readonly #meetings = new Map<string, RandomSource>();
  readonly #replays: Replays<OnItsWay>;
  #held: readonly Held[] = [];

  constructor(surroundings: NetworkSurroundings) {
    const { replayProbability = 0, randomStream } = surroundings;
    this.#surroundings = surroundings;
    this.#replays = new Replays(replayProbability, randomStream);
  }

  get counts(): MessageCounts {
    return { ...this.#counts };
  }

  /**
   * From now on exactly these rules are in force; what is under way on links that carry nothing is
   * lost too, and what was held on those that do no more comes now, in its order.
   */
  setRules(rules: readonly LinkRule[]): void {
    const { trace, time, rules: inForce } = this.#surroundings;
    const before = inForce.reading.rules;
    inForce.set(rules);
    for (const { from, to, mode } of rules) trace.text(`${linkName(from, to)} ${mode.type}`);
    this.#tellResets(before, rules);
    for (const endpoint of this.#endpoints.values()) this.#introduce(endpoint);
    const isHeld = ({ message, to }: Held) => inForce.has(message.sender.life.node, to, 'hold');
    const released = this.#held.filter((held) => !isHeld(held));
    this.#held = this.#held.filter(isHeld);
    for (const [at, { message, to, receiver }] of released.entries()) {
      time.schedule(at + 1, () => {
        // A connection to an earlier life is none to this one.
        if (this.#endpoints.get(to)?.life === receiver) this.#arrive(message, to);
        else this.#settle(message, to, 'unreachable');
      });
    }
  }

  /** Who had made a connection that is broken sees it close, and open when it may again. */
  #tellResets(before: readonly LinkRule[], now: readonly LinkRule[]): void {
    const links = (rules: readonly LinkRule[]): ReadonlyMap<string, LinkRule> => {
      const resets = rules.filter(({ mode }) => mode.type === 'reset');
      return new Map(resets.map((rule) => [linkName(rule.from, rule.to), rule]));
    };
    const [old, current] = [links(before), links(now)];
    const tell = ({ from, to }: LinkRule, connected: boolean): void => {
      const endpoint = this.#endpoints.get(from);
      if (endpoint?.peers.has(to) === true && this.#endpoints.has(to)) {
        this.#tell(endpoint, to, connected);
      }
    };
    for (const [name, rule] of current) if (!old.has(name)) tell(rule, false);
    for (const [name, rule] of old) if (!current.has(name)) tell(rule, true);
  }

  /** Connects a life of a node, in the place of its earlier one. */
  attach(life: Life): Network {
    const endpoint: Endpoint = {
      life,
      admissions: new Admissions(life, this.#surroundings.time),
      peers: new Set(),
      incoming: new Map(),
      onMessage: () => undefined,
      onPeer: () => undefined,
    };
    this.#endpoints.set(life.node, endpoint);
    return {
      send: (to, message) => {
        if (life.phase !== 'running') return;
        this.#surroundings.onStep?.(life.node);
        this.#send(endpoint, to, message);
      },
      onMessage: (handler) => {
        endpoint.onMessage = handler;
      },
      onPeer: (handler) => {
        endpoint.onPeer = handler;
      },
      join: (policy) => {
        endpoint.admissions.join(policy);
        for (const other of this.#endpoints.values()) {
          if (other.peers.has(life.node)) this.#tell(other, life.node, true);
        }
        this.#introduce(endpoint);
      },
      setPeers: (peers) => {
        this.#setPeers(endpoint, new Set(peers.keys()));
        this.#introduce(endpoint);
      },
      meetAgain: (peer) => {
        endpoint.admissions.forget(peer);
        this.#introduce(endpoint);
      },
    };
  }

  /** The node's life has ended: its peers see their connections close. */
  detach(node: NodeId): void {
    this.#endpoints.delete(node);
    for (const other of this.#endpoints.values()) {
      if (other.peers.has(node)) this.#tell(other, node, false);
    }
  }

  #setPeers(endpoint: Endpoint, peers: ReadonlySet<NodeId>): void {
    const before = endpoint.peers;
    endpoint.peers = peers;
    for (const peer of new Set([...before, ...peers])) {
      const connected = peers.has(peer);
      const hasJoined = (this.#endpoints.get(peer)?.admissions.own ?? null) !== null;
      if (hasJoined && connected !== before.has(peer)) this.#tell(endpoint, peer, connected);
    }
  }

  #send(sender: Endpoint, to: NodeId, message: Message): void {
    const { dropProbability, duplicateProbability } = this.#surroundings;
    const from = sender.life.node;
    const random = this.#streamOf(from, to);
    const isLost = random() < dropProbability;
    const isDoubled = random() < duplicateProbability;
    this.#counts.sent++;
    const fate = this.#fateAtOnce(sender, to, isLost);
    const identity = sender.admissions.own;
    if (fate !== null || identity === null) {
      this.#stays({ from, to, message, fate: fate ?? 'unreachable' });
      return;
    }
    const bytes = this.#surroundings.codec.encodeMessage(message);
    const { nowUs: sentUs } = this.#surroundings.time;
    const knocking = { life: sender.life, identity };
    const launched = { sender: knocking, bytes, sentUs, kind: 'first' } as const;
    this.#launch(launched, to, random);
    if (isDoubled) this.#launch({ ...launched, kind: 'copy' }, to, random);
    const again = this.#replays.draw(linkName(from, to));
    if (again === null) return;
    this.#launch({ ...again.message, sentUs, kind: 'replay' }, to, again.random);
  }

  /** What keeps a message from ever leaving; null: nothing does. */
  #fateAtOnce(
    sender: Endpoint,
    to: NodeId,
    isLost: boolean,
  ): 'cut' | 'lost' | 'unreachable' | null {
    const { rules } = this.#surroundings;
    const { node: from } = sender.life;
    if (rules.meets(from, to, 'drop', 'oneway', 'reset')) return 'cut';
    if (isLost || rules.loses(from, to)) return 'lost';
    return this.#reaches(sender, to) ? null : 'unreachable';
  }

  #stays({
    from,
    to,
    message,
    fate,
  }: Pick<MessageEnd, 'from' | 'to' | 'message'> & {
    readonly fate: 'cut' | 'lost' | 'unreachable';
  }): void {
    this.#counts[fate]++;
    const { nowUs } = this.#surroundings.time;
    this.observer?.({ from, to, sentUs: nowUs, endUs: nowUs, fate, kind: 'first', message });
  }

  /** A node that joins does not know the leader that speaks to it: it answers on its connection. */
  #reaches(sender: Endpoint, to: NodeId): boolean {
    if (sender.peers.has(to)) return true;
    const caller = sender.incoming.get(to);
    return caller !== undefined && this.#endpoints.get(to)?.life === caller;
  }

  #launch(message: OnItsWay, to: NodeId, random: RandomSource): void {
    const { time, latency, rules } = this.#surroundings;
    const { node: from } = message.sender.life;
    const latencyUs = drawLatencyUs(random, latency);
    const lateUs = rules.latenessUs(from, to, message.bytes.length);
    if (lateUs === null) this.#settle(message, to, 'lost');
    else time.schedule(latencyUs + lateUs, () => this.#arrive(message, to));
  }

  #settle(message: OnItsWay, to: NodeId, fate: MessageEnd['fate'], parsed?: Message): void {
    const { sender, sentUs, kind, bytes } = message;
    if (fate === 'delivered' && kind === 'replay') this.#counts.replayed++;
    else this.#counts[fate]++;
    if (this.observer === null) return;
    const { codec, time } = this.#surroundings;
    const told = { from: sender.life.node, to, sentUs, endUs: time.nowUs, fate, kind };
    this.observer({ ...told, message: parsed ?? codec.parseMessage(bytes) });
  }

  #arrive(message: OnItsWay, to: NodeId): void {
    const { time, trace, codec, rules } = this.#surroundings;
    const { sender, bytes, kind } = message;
    const from = sender.life.node;
    if (rules.meets(from, to, 'drop', 'oneway', 'reset')) {
      this.#settle(message, to, 'cut');
      return;
    }
    const receiver = this.#endpoints.get(to);
    if (rules.meets(from, to, 'hold')) {
      this.#held = [...this.#held, { message, to, receiver: receiver?.life ?? null }];
      return;
    }
    if (receiver === undefined) {
      this.#settle(message, to, 'unreachable');
      return;
    }
    trace.number(time.nowUs);
    trace.bytes(bytes);
    const passage = {
      enter: () => {
        const parsed = codec.parseMessage(bytes);
        this.#settle(message, to, 'delivered', parsed);
        if (kind !== 'replay') {
          receiver.incoming.set(from, sender.life);
          this.#replays.record(linkName(from, to), parsed.type, message);
        }
        receiver.onMessage(from, parsed);
      },
      turnAway: () => this.#settle(message, to, 'refused'),
    };
    receiver.life.deliver(() => {
      this.#surroundings.onStep?.(to);
      receiver.admissions.admit(sender, passage);
    });
  }

  /**
   * Two that run, with nothing between them, greet each other as soon as one was told of the
   * other: each asks its policy, whether they have anything to say or not.
   */
  #introduce(endpoint: Endpoint): void {
    for (const other of this.#endpoints.values()) {
      if (other === endpoint || !this.#mayMeet(endpoint, other)) continue;
      if (this.#haveMet(endpoint, other)) continue;
      const [from, to] = [endpoint.life.node, other.life.node];
      this.#surroundings.time.schedule(this.#meetingUs(from, to), () => {
        if (!this.#mayMeet(endpoint, other)) return;
        greet(endpoint, other);
        greet(other, endpoint);
      });
    }
  }

  /** Neither policy has anything left to say of the other. */
  #haveMet(one: Endpoint, other: Endpoint): boolean {
    return one.admissions.knows(other.life) && other.admissions.knows(one.life);
  }

  #mayMeet(one: Endpoint, other: Endpoint): boolean {
    const { rules } = this.#surroundings;
    const [from, to] = [one.life.node, other.life.node];
    const live = this.#endpoints.get(from) === one && this.#endpoints.get(to) === other;
    const told = one.peers.has(to) || other.peers.has(from);
    const silent = ['drop', 'oneway', 'reset', 'hold'] as const;
    const isCut = silent.some((type) => rules.has(from, to, type) || rules.has(to, from, type));
    return live && told && !isCut && one.admissions.own !== null && other.admissions.own !== null;
  }

  #meetingUs(from: NodeId, to: NodeId): number {
    const name = `network/meeting/${linkName(from, to)}`;
    const known = this.#meetings.get(name);
    const random = known ?? this.#surroundings.randomStream(name);
    this.#meetings.set(name, random);
    return drawLatencyUs(random, this.#surroundings.latency);
  }

  /** That a peer came or went; a hint that takes its time, as all news does. */
  #tell(endpoint: Endpoint, peer: NodeId, connected: boolean): void {
    const { time, latency } = this.#surroundings;
    time.schedule(drawLatencyUs(this.#streamOf(peer, endpoint.life.node), latency), () => {
      endpoint.life.deliver(() => endpoint.onPeer(peer, connected));
    });
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

/** What the other says of itself, and no message behind it. */
function greet(host: Endpoint, guest: Endpoint): void {
  const identity = guest.admissions.own;
  if (identity === null) return;
  const nothing = { enter: () => undefined, turnAway: () => undefined };
  host.life.deliver(() => host.admissions.admit({ life: guest.life, identity }, nothing));
}
