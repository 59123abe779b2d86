/**
 * A TCP proxy for what one end opens to another: each direction obeys the modes of its line.
 *
 * A cut is silence, not a close: bytes are kept back, as a network that drops packets would keep
 * them in the senders' retransmission buffers, and flow on when the cut heals. A proxy acknowledges
 * what it reads, so `drop` in one direction keeps back both, as missing acknowledgements would;
 * `oneway` and `hold` leave the other direction alone. A connection that is opened into a cut is
 * accepted here and waits. Needs nothing but node: and the line, so that it runs anywhere.
 */
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import type { ProxyLine } from './tcp-proxy-line.ts';
import { blockingMode, noteBlocked, ProxyPipe } from './tcp-proxy-pipe.ts';

export interface TcpProxyOptions {
  /** The address that the far end listens on. */
  readonly target: { readonly host: string; readonly port: number };
  /** From who connects to the target. */
  readonly forward: ProxyLine;
  readonly backward: ProxyLine;
}

export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #server: Server;
  readonly #pairs = new Map<number, SocketPair>();

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    // Half-closed connections stay so: each direction ends by itself.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    );
  }

  /** Resolves with the port that it listens on; a free one of loopback unless told otherwise. */
  listen(address: { readonly host: string; readonly port: number } = loopback): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(address, () => {
        const bound = this.#server.address();
        if (bound === null || typeof bound === 'string') reject(new Error('no port'));
        else resolve(bound.port);
      });
    });
  }

  /**
   * Resolves when the connection that came from this port has reached the target; rejects when the
   * target refused it, or it was reset.
   */
  async reached(remotePort: number): Promise<void> {
    // The server may hear of a connection after its client has.
    for (let turn = 0; turn < 100 && !this.#pairs.has(remotePort); turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const pair = this.#pairs.get(remotePort);
    if (pair === undefined) throw new Error('the connection was reset');
    await pair.reached;
  }

  /** How many connections pass through it. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Those that are open end once what they carry has passed; new ones are taken as before. */
  endConnections(): void {
    for (const pair of [...this.#pairs.values()]) pair.finish();
  }

  close(): Promise<void> {
    for (const pair of this.#pairs.values()) pair.destroy();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #accept(source: Socket): void {
    source.on('error', () => {});
    const { forward, backward } = this.#options;
    const resetting = [forward, backward].find((line) => line.has('reset'));
    if (resetting !== undefined) {
      resetting.note('reset');
      source.resetAndDestroy();
      return;
    }
    const name = source.remotePort ?? 0;
    const pair = new SocketPair(source, this.#options, () => {
      if (this.#pairs.get(name) === pair) this.#pairs.delete(name);
    });
    this.#pairs.set(name, pair);
  }
}

const loopback = { host: '127.0.0.1', port: 0 } as const;

/** An accepted connection and the one it is passed on to. */
class SocketPair {
  /** Settles when the target has answered. */
  readonly reached: Promise<void>;
  readonly #settle: { readonly resolve: () => void; readonly reject: (error: Error) => void };
  readonly #source: Socket;
  readonly #options: TcpProxyOptions;
  readonly #onClosed: () => void;
  readonly #stopWatching: () => void;
  readonly #forward: ProxyPipe;
  #backward: ProxyPipe | null = null;
  #target: Socket | null = null;
  #pipesOpen = 2;
  #isOver = false;

  constructor(source: Socket, options: TcpProxyOptions, onClosed: () => void) {
    this.#source = source;
    this.#options = options;
    this.#onClosed = onClosed;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.reached = promise;
    promise.catch(() => {});
    this.#settle = { resolve, reject };
    const { forward, backward } = options;
    const stops = [forward, backward].map((line) => line.watch(() => this.#obey()));
    this.#stopWatching = () => {
      for (const stop of stops) stop();
    };
    const lines = { own: forward, opposite: backward };
    this.#forward = new ProxyPipe(source, lines, () => this.#pipeDone());
    source.on('close', () => this.#obey());
    const blocked = blockingMode(lines);
    if (blocked !== null) noteBlocked(lines, blocked);
    this.#maybeConnect();
  }

  destroy(): void {
    this.#isOver = true;
    this.#source.destroy();
    this.#target?.destroy();
    this.#maybeClosed();
  }

  finish(): void {
    this.#forward.finish();
    this.#backward?.finish();
  }

  #obey(): void {
    const { forward, backward } = this.#options;
    const resetting = [forward, backward].find((line) => line.has('reset'));
    if (resetting !== undefined && !this.#isOver) {
      this.#isOver = true;
      resetting.note('reset');
      this.#source.resetAndDestroy();
      this.#target?.resetAndDestroy();
    }
    this.#maybeConnect();
    this.#maybeClosed();
  }

  /** A connection that is opened into a cut is made when the cut heals. */
  #maybeConnect(): void {
    const { target, forward, backward } = this.#options;
    if (this.#target !== null || this.#isOver || this.#forward.isDrained) return;
    if (blockingMode({ own: forward, opposite: backward }) !== null) return;
    const socket = connectTcp({ ...target, allowHalfOpen: true, noDelay: true });
    this.#target = socket;
    socket.on('connect', () => this.#settle.resolve());
    socket.on('error', (error) => this.#settle.reject(error));
    socket.on('close', () => this.#maybeClosed());
    const lines = { own: backward, opposite: forward };
    this.#backward = new ProxyPipe(socket, lines, () => this.#pipeDone());
    this.#backward.into(this.#source);
    this.#forward.into(socket);
  }

  /** Both directions are over: what is written goes out, and then both sockets close. */
  #pipeDone(): void {
    this.#pipesOpen--;
    if (this.#pipesOpen > 0) return;
    this.#source.destroySoon();
    this.#target?.destroySoon();
  }

  #maybeClosed(): void {
    if (!this.#source.closed || this.#target?.closed === false) return;
    // What is on hold arrives although its sender has gone.
    if (this.#target === null && !this.#isOver && !this.#forward.isDrained) return;
    this.#settle.reject(new Error('the connection was closed'));
    this.#stopWatching();
    this.#onClosed();
  }
}
