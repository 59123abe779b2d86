/**
 * The network between peers: on TCP, one connection for each direction of each pair.
 *
 * A node sends on the connections that it made and receives on those that others made. Messages are
 * dropped when a peer can not be reached or does not keep up: Raft sends what matters again. A link
 * that has fallen silent is given up and made anew, because after a long outage TCP by itself would
 * wait much longer than the outage for its next attempt.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Log, Network, Timers } from '../host.ts';
import {
  encodeFrame,
  encodeMessage,
  FrameReader,
  PeerCodecError,
  parseHello,
  parseMessage,
} from '../peer-codec.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import type { Address } from './address.ts';
import { PeerLink } from './peer-link.ts';

export interface PeerLinksOptions {
  readonly id: NodeId;
  readonly peers: ReadonlyMap<NodeId, Address>;
  readonly timers: Timers;
  readonly log: Log;
}

export class PeerLinks implements Network {
  readonly #options: PeerLinksOptions;
  readonly #links = new Map<NodeId, PeerLink>();
  /** The newest connection that each peer made to us. */
  readonly #incoming = new Map<NodeId, Socket>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #messageHandler: (from: NodeId, message: Message) => void = () => {};
  #peerHandler: (peer: NodeId, connected: boolean) => void = () => {};

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Rejects with the system's error when the address can not be had. */
  listen({ host, port }: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, exclusive: true }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => {
          this.#options.log.event('error', 'peer listener', { error: error.message });
        });
        resolve();
      });
    });
  }

  /** Starts to connect to the peers, and goes on until `close`. */
  connect(): void {
    const { id, peers, timers, log } = this.#options;
    for (const [peer, address] of peers) {
      const onConnected = (connected: boolean) => this.#peerHandler(peer, connected);
      this.#links.set(peer, new PeerLink({ id, peer, address, timers, log, onConnected }));
    }
  }

  send(to: NodeId, message: Message): void {
    this.#links.get(to)?.send(() => encodeFrame(encodeMessage(message)));
  }

  onMessage(handler: (from: NodeId, message: Message) => void): void {
    this.#messageHandler = handler;
  }

  onPeer(handler: (peer: NodeId, connected: boolean) => void): void {
    this.#peerHandler = handler;
  }

  close(): void {
    this.#server.close();
    for (const link of this.#links.values()) link.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    const reader = new FrameReader();
    let from: NodeId | null = null;
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) {
          if (from === null) from = this.#greet(socket, frame);
          else if (frame.length === 0) echo(socket);
          else this.#messageHandler(from, parseMessage(frame));
        }
      } catch (error) {
        if (!(error instanceof PeerCodecError)) throw error;
        this.#options.log.event('warn', 'peer refused', { from, error: error.message });
        socket.destroy();
      }
    });
    socket.on('error', (error) => {
      this.#options.log.event('debug', 'peer connection', { from, error: error.message });
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (from !== null && this.#incoming.get(from) === socket) this.#incoming.delete(from);
    });
  }

  /** The sender, by its hello. Throws PeerCodecError for one that does not belong here. */
  #greet(socket: Socket, frame: Uint8Array): NodeId {
    const { from, to } = parseHello(frame);
    const { id, peers } = this.#options;
    if (to !== id) throw new PeerCodecError(`${from} looked for ${to}, but this is ${id}`);
    if (!peers.has(from)) throw new PeerCodecError(`${from} is no peer of ${id}`);
    // The peer has made a new connection, so it has given the old one up.
    this.#incoming.get(from)?.destroy();
    this.#incoming.set(from, socket);
    echo(socket);
    return from;
  }
}

/** An empty frame: this end has read so far. */
function echo(socket: Socket): void {
  socket.write(encodeFrame(new Uint8Array(0)));
}
