/**
 * One outgoing connection to a peer: made, watched, given up and made anew.
 *
 * It carries messages one way. The other way come only empty frames, the echo of the probes that
 * this end sends: without them for a while, the link is taken for dead.
 */
import { connect, type Socket } from 'node:net';
import type { Log, TimerId, Timers } from '../host.ts';
import { encodeFrame, encodeHello } from '../peer-codec.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Address } from './address.ts';

export interface PeerLinkOptions {
  readonly id: NodeId;
  readonly peer: NodeId;
  readonly address: Address;
  readonly timers: Timers;
  readonly log: Log;
  readonly onConnected: (connected: boolean) => void;
}

const probeMs = 250;
const silentMsMax = 1000;
const backoffMsMin = 20;
const backoffMsMax = 500;
/** What waits in this process for a slow peer; beyond it messages are dropped. */
const bufferedBytesMax = 8 * 1024 * 1024;

export class PeerLink {
  readonly #options: PeerLinkOptions;
  #socket: Socket | null = null;
  #connected = false;
  #closed = false;
  #corked = false;
  #backoffMs = backoffMsMin;
  #heardAtMs = 0;
  #timer: TimerId | null = null;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  /** The bytes are made only when they can leave. */
  send(encode: () => Uint8Array): void {
    const socket = this.#socket;
    if (socket === null || !this.#connected || socket.writableLength > bufferedBytesMax) return;
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(encode());
  }

  close(): void {
    this.#closed = true;
    this.#after(null);
    this.#socket?.destroy();
  }

  #dial(): void {
    const { id, peer, address, timers, log } = this.#options;
    const socket = connect({ ...address, noDelay: true });
    this.#socket = socket;
    this.#heardAtMs = timers.now();
    socket.write(encodeFrame(encodeHello({ from: id, to: peer })));
    socket.on('data', () => this.#heard());
    socket.on('error', (error) => {
      log.event('debug', 'peer connection', { to: peer, error: error.message });
    });
    socket.on('close', () => this.#lost());
    this.#after(probeMs);
  }

  /** Sends a probe, or gives the link up when the last ones had no echo. */
  #probe(): void {
    const { timers } = this.#options;
    const socket = this.#socket;
    if (socket === null) {
      this.#dial();
      return;
    }
    if (timers.now() - this.#heardAtMs > silentMsMax) {
      socket.destroy();
      return;
    }
    if (this.#connected) socket.write(encodeFrame(new Uint8Array(0)));
    this.#after(probeMs);
  }

  #heard(): void {
    this.#heardAtMs = this.#options.timers.now();
    if (this.#connected) return;
    this.#connected = true;
    this.#backoffMs = backoffMsMin;
    this.#options.log.event('info', 'peer connected', { to: this.#options.peer });
    this.#options.onConnected(true);
  }

  #lost(): void {
    this.#socket = null;
    if (this.#connected) {
      this.#connected = false;
      this.#options.log.event('info', 'peer lost', { to: this.#options.peer });
      this.#options.onConnected(false);
    }
    if (this.#closed) return;
    this.#after(this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMsMax);
  }

  /** One timer: for the next probe while there is a socket, for the next attempt otherwise. */
  #after(delayMs: number | null): void {
    const { timers } = this.#options;
    if (this.#timer !== null) timers.cancel(this.#timer);
    this.#timer = delayMs === null ? null : timers.after(delayMs, () => this.#probe());
  }
}
