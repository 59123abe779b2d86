/**
 * The network between peers: on TCP, one connection for each direction of each pair.
 *
 * A node sends on the connections that it made and receives on those that others made. Messages are
 * dropped when a peer can not be reached or does not keep up: Raft sends what matters again. A link
 * that has fallen silent is given up and made anew, because after a long outage TCP by itself would
 * wait much longer than the outage for its next attempt.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Log, Network, PeerPolicy, Timers } from '../host.ts';
import { PeerCodecError } from '../peer-codec-bytes.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import { type Address, describeAddress, parseAddress } from './address.ts';
import { IncomingPeer } from './incoming-peer.ts';
import { LimitedWarnings } from './limited-warnings.ts';
import { describeRemote, listenOn } from './listen.ts';
import { PeerLink } from './peer-link.ts';
import { describeTlsFault, type PeerTls, serverOptionsOf } from './peer-tls.ts';

export interface PeerLinksOptions {
  /** They win over the addresses that `setPeers` names. */
  readonly addresses: ReadonlyMap<NodeId, Address>;
  readonly tls: PeerTls | null;
  readonly timers: Timers;
  readonly log: Log;
}

export interface PeerLinkStatus {
  readonly peer: NodeId;
  readonly connected: boolean;
  readonly refusal: string | null;
  readonly droppedCount: number;
  readonly bufferedBytes: number;
}

interface NamedLink {
  readonly link: PeerLink;
  readonly address: string;
}

/** Who refuses this node and goes on, tries again much sooner. */
const refusalMsMax = 5000;
/** Peers and those who knock; a cluster has a few of them. */
const connectionsMax = 512;

export class PeerLinks implements Network {
  readonly #options: PeerLinksOptions;
  readonly #warnings: LimitedWarnings;
  readonly #links = new Map<NodeId, NamedLink>();
  /** The newest admitted connection that each peer made to us. */
  readonly #incoming = new Map<NodeId, IncomingPeer>();
  readonly #connections = new Set<IncomingPeer>();
  /** Who was let in here, and did not want this node there. */
  readonly #refusers = new Map<NodeId, { readonly reason: string; readonly atMs: number }>();
  readonly #server: Server;
  #policy: PeerPolicy | null = null;
  #peers: ReadonlyMap<NodeId, string> = new Map();
  #closed = false;
  #messageHandler: (from: NodeId, message: Message) => void = () => {};
  #peerHandler: (peer: NodeId, connected: boolean) => void = () => {};

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.#warnings = new LimitedWarnings(options.log, options.timers);
    this.#server = this.#createServer();
    this.#server.maxConnections = connectionsMax;
  }

  /** Rejects with the system's error when the address can not be had. */
  listen(address: Address): Promise<void> {
    return listenOn(this.#server, address, (error) => {
      this.#options.log.event('error', 'peer listener', { error: error.message });
    });
  }

  join(policy: PeerPolicy): void {
    this.#policy = policy;
    this.#connect();
  }

  setPeers(peers: ReadonlyMap<NodeId, string>): void {
    this.#peers = new Map(peers);
    this.#connect();
  }

  meetAgain(peer: NodeId): void {
    this.#links.get(peer)?.link.close();
    this.#links.delete(peer);
    this.#incoming.get(peer)?.close();
    this.#incoming.delete(peer);
    this.#connect();
  }

  /**
   * To a peer that is no member as far as this node knows, the answer goes back on the connection
   * that it made: a node that joins does not know the leader that speaks to it. To members it never
   * does, so that a cut of one direction stays one.
   */
  send(to: NodeId, message: Message): void {
    try {
      const named = this.#links.get(to);
      if (named !== undefined) named.link.send(message);
      else this.#incoming.get(to)?.send(message);
    } catch (error) {
      if (!(error instanceof PeerCodecError)) throw error;
      this.#warnings.warn('message dropped', { to, type: message.type, reason: error.message });
    }
  }

  onMessage(handler: (from: NodeId, message: Message) => void): void {
    this.#messageHandler = handler;
  }

  onPeer(handler: (peer: NodeId, connected: boolean) => void): void {
    this.#peerHandler = handler;
  }

  /** Of each member to which a link is kept, and of those who refuse this node. */
  status(): readonly PeerLinkStatus[] {
    const linked = [...this.#links].map(([peer, { link }]) => ({
      peer,
      connected: link.connected,
      refusal: link.refusal ?? this.#refusalBy(peer),
      droppedCount: link.droppedCount,
      bufferedBytes: link.bufferedBytes,
    }));
    const others = [...this.#refusers.keys()].filter((peer) => !this.#links.has(peer));
    const refused = others.flatMap((peer) => {
      const refusal = this.#refusalBy(peer);
      if (refusal === null) return [];
      return [{ peer, connected: false, refusal, droppedCount: 0, bufferedBytes: 0 }];
    });
    return [...linked, ...refused];
  }

  #refusalBy(peer: NodeId): string | null {
    const refuser = this.#refusers.get(peer);
    if (refuser === undefined) return null;
    if (this.#options.timers.now() - refuser.atMs <= refusalMsMax) return refuser.reason;
    this.#refusers.delete(peer);
    return null;
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const { link } of this.#links.values()) link.close();
    for (const connection of this.#connections) connection.close();
  }

  /** Makes the links that are missing, and gives up those that are not wanted or lead elsewhere. */
  #connect(): void {
    const policy = this.#policy;
    if (policy === null || this.#closed) return;
    const wanted = new Map<NodeId, Address>();
    for (const [peer, text] of this.#peers) {
      const address = this.#options.addresses.get(peer) ?? parseAddress(text);
      if (peer === policy.own.nodeId || address === null) continue;
      wanted.set(peer, address);
    }
    for (const [peer, { link, address }] of this.#links) {
      const now = wanted.get(peer);
      if (now !== undefined && describeAddress(now) === address) continue;
      link.close();
      this.#links.delete(peer);
    }
    for (const [peer, address] of wanted) {
      if (!this.#links.has(peer)) this.#links.set(peer, this.#link(policy, peer, address));
    }
  }

  #link(policy: PeerPolicy, peer: NodeId, address: Address): NamedLink {
    const { tls, timers, log } = this.#options;
    const link = new PeerLink({
      ...{ peer, address, policy, tls, timers, log, warnings: this.#warnings },
      onConnected: (connected) => this.#peerHandler(peer, connected),
      onMessage: (message) => this.#deliver(peer, message),
    });
    return { link, address: describeAddress(address) };
  }

  #createServer(): Server {
    const { tls } = this.#options;
    if (tls === null) return createServer({ noDelay: true }, (socket) => this.#accept(socket));
    const server = createTlsServer(serverOptionsOf(tls), (socket) => this.#accept(socket));
    server.on('tlsClientError', (error, socket) => {
      this.#warnings.warn('peer refused', {
        address: describeRemote(socket),
        reason: describeTlsFault(error),
      });
    });
    return server;
  }

  #accept(socket: Socket): void {
    const policy = this.#policy;
    if (policy === null) {
      socket.on('error', () => {});
      socket.destroy();
      return;
    }
    const peer = new IncomingPeer(socket, {
      policy,
      timers: this.#options.timers,
      onAdmitted: (from) => {
        // The peer has made a new connection, so it has given the old one up.
        this.#incoming.get(from)?.close();
        this.#incoming.set(from, peer);
      },
      onMessage: (from, message) => this.#deliver(from, message),
      onRefused: (from, reason) => {
        this.#refusers.set(from, { reason, atMs: this.#options.timers.now() });
        this.#warnings.warn('peer link refused', { to: from, reason });
      },
      onTrouble: (trouble) => this.#warnings.warn('peer refused', trouble),
      onClosed: (from) => {
        this.#connections.delete(peer);
        if (from !== null && this.#incoming.get(from) === peer) this.#incoming.delete(from);
      },
    });
    this.#connections.add(peer);
  }

  /** Throws PeerCodecError for a message in another's name. */
  #deliver(from: NodeId, message: Message): void {
    const speaker = speakerOf(message);
    if (speaker !== null && speaker !== from) {
      throw new PeerCodecError(`${from} sent a ${message.type} in the name of ${speaker}`);
    }
    if (this.#refusers.size > 0) this.#refusers.delete(from);
    this.#messageHandler(from, message);
  }
}

/** Who a message says that it is from, if it does. */
function speakerOf(message: Message): NodeId | null {
  switch (message.type) {
    case 'requestVote':
      return message.candidateId;
    case 'appendEntries':
    case 'installSnapshot':
    case 'timeoutNow':
      return message.leaderId;
    default:
      return null;
  }
}
