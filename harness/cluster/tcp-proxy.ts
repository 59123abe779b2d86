/**
 * A TCP proxy for one directed pair of nodes: what `from` opens to `to` passes through it.
 *
 * A cut is silence, not a close: bytes are kept back, as a network that drops packets would keep
 * them in the senders' retransmission buffers, and flow on when the cut heals. Bytes from `from`
 * obey the link `from -> to`; the bytes that come back obey `to -> from`.
 */
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';

/** Says whether a directed link is cut, and takes note of what was kept back. */
export interface LinkGate {
  isCut(): boolean;
  /** A chunk of bytes ran into the cut. */
  onDropped(): void;
}

/** More than this kept back on a connection, and it is dropped when the cut heals. */
const heldBytesMax = 4 << 20;

export interface TcpProxyOptions {
  /** The address that `to` listens on. */
  readonly target: { readonly host: string; readonly port: number };
  readonly forward: LinkGate;
  readonly backward: LinkGate;
}

export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #server: Server;
  readonly #pairs = new Set<SocketPair>();

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** Resolves with the port that it listens on, on loopback. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0 }, () => {
        const address = this.#server.address();
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  }

  /** To be called after a gate has opened: lets go what was kept back. */
  release(): void {
    for (const pair of this.#pairs) pair.release();
  }

  close(): Promise<void> {
    for (const pair of this.#pairs) pair.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(source: Socket): void {
    const pair = new SocketPair(source, this.#options);
    this.#pairs.add(pair);
    pair.onEnd(() => this.#pairs.delete(pair));
  }
}

/** An accepted connection and the one it is passed on to. */
class SocketPair {
  readonly #forward: HalfPipe;
  readonly #backward: HalfPipe;
  readonly #source: Socket;
  readonly #options: TcpProxyOptions;
  #target: Socket | null = null;
  #onEnd: () => void = () => {};
  #ended = false;

  constructor(source: Socket, options: TcpProxyOptions) {
    this.#source = source;
    this.#options = options;
    source.setNoDelay(true);
    this.#forward = new HalfPipe(options.forward, () => this.#end());
    this.#backward = new HalfPipe(options.backward, () => this.#end());
    this.#forward.from(source);
    this.#backward.into(source);
    this.#maybeConnect();
  }

  onEnd(handler: () => void): void {
    this.#onEnd = handler;
  }

  release(): void {
    this.#maybeConnect();
    this.#forward.release();
    this.#backward.release();
  }

  destroy(): void {
    this.#source.destroy();
    this.#target?.destroy();
  }

  /** The handshake needs both directions, so that a new connection waits for the cut to heal. */
  #maybeConnect(): void {
    const { forward, backward, target } = this.#options;
    if (this.#target !== null || forward.isCut() || backward.isCut()) return;
    const socket = connectTcp({ host: target.host, port: target.port });
    socket.setNoDelay(true);
    this.#target = socket;
    this.#backward.from(socket);
    this.#forward.into(socket);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.destroy();
    this.#onEnd();
  }
}

/** One direction of a connection. Ends the pair when its source ends and the gate is open. */
class HalfPipe {
  readonly #gate: LinkGate;
  readonly #onEnd: () => void;
  #sink: Socket | null = null;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #sourceEnded = false;
  #overflowed = false;

  constructor(gate: LinkGate, onEnd: () => void) {
    this.#gate = gate;
    this.#onEnd = onEnd;
  }

  from(source: Socket): void {
    source.on('data', (chunk: Buffer) => this.#pass(chunk));
    source.on('error', () => {});
    source.on('close', () => {
      this.#sourceEnded = true;
      this.release();
    });
  }

  into(sink: Socket): void {
    this.#sink = sink;
    this.release();
  }

  release(): void {
    if (this.#gate.isCut()) return;
    if (this.#overflowed) {
      this.#onEnd();
      return;
    }
    if (this.#sink !== null) {
      for (const chunk of this.#held) this.#sink.write(chunk);
      this.#held = [];
      this.#heldBytes = 0;
    }
    if (this.#sourceEnded) this.#onEnd();
  }

  #pass(chunk: Buffer): void {
    const cut = this.#gate.isCut();
    if (cut) this.#gate.onDropped();
    if (!cut && this.#sink !== null && this.#held.length === 0) {
      this.#sink.write(chunk);
      return;
    }
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > heldBytesMax) {
      this.#overflowed = true;
      this.#held = [];
    } else {
      this.#held.push(chunk);
    }
  }
}
