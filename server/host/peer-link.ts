/**
 * The connection that this node makes to a peer: made, watched, given up and made anew.
 *
 * It carries this node's messages. The other end answers with its own hello, and with the echo of
 * probes: without them for a while, the link is taken for dead. A peer that has no link to this
 * node, because it does not know it as a member yet, may also answer messages on it.
 */
import { connect, type Socket } from 'node:net';
import type { Log, PeerPolicy, TimerId, Timers } from '../host.ts';
import { parseMessage } from '../peer-codec.ts';
import { PeerCodecError } from '../peer-codec-bytes.ts';
import { encodeMessageFrame, parseHello, parseRefusal } from '../peer-codec-frames.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import type { Address } from './address.ts';
import type { LimitedWarnings } from './limited-warnings.ts';
import { PeerConnection } from './peer-connection.ts';
import { connectWithTls, type PeerTls } from './peer-tls.ts';

export interface PeerLinkOptions {
  readonly peer: NodeId;
  readonly address: Address;
  readonly policy: PeerPolicy;
  readonly tls: PeerTls | null;
  readonly timers: Timers;
  readonly log: Log;
  readonly warnings: LimitedWarnings;
  readonly onConnected: (connected: boolean) => void;
  readonly onMessage: (message: Message) => void;
}

const probeMs = 250;
const silentMsMax = 1000;
const backoffMsMin = 20;
const backoffMsMax = 500;

export class PeerLink {
  readonly #options: PeerLinkOptions;
  #connection: PeerConnection | null = null;
  #connected = false;
  /** The other end has said hello, and the policy thinks about it. */
  #admitting = false;
  /** What it means if the other end hangs up now, without a word; null: nothing. */
  #hangUpMeans: string | null = null;
  #closed = false;
  #refusal: string | null = null;
  #droppedCount = 0;
  #backoffMs = backoffMsMin;
  #heardAtMs = 0;
  #timer: TimerId | null = null;

  constructor(options: PeerLinkOptions) {
    this.#options = options;
    this.#dial();
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Why one end does not want the other, or null. */
  get refusal(): string | null {
    return this.#refusal;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  get bufferedBytes(): number {
    return this.#connection?.bufferedBytes ?? 0;
  }

  /** Throws PeerCodecError for a message that can not be sent to anybody. */
  send(message: Message): void {
    if (this.#connected && this.#connection?.send(() => encodeMessageFrame(message))) return;
    this.#droppedCount += 1;
  }

  close(): void {
    this.#closed = true;
    this.#after(null);
    this.#connection?.finish();
  }

  #dial(): void {
    const { peer, timers, log, policy } = this.#options;
    const connection = new PeerConnection(this.#connect(), {
      onProbe: () => {
        this.#heardAtMs = timers.now();
      },
      onFrame: (frame) => this.#receive(connection, frame),
      onNonsense: (error) => this.#refused(error.message),
      onError: (error) => {
        if (isOfTls(error)) this.#refused(error.message);
        else log.event('debug', 'peer connection', { to: peer, error: error.message });
      },
      onClosed: () => this.#lost(),
    });
    this.#connection = connection;
    this.#heardAtMs = timers.now();
    connection.greet({ ...policy.own, to: peer });
    this.#after(probeMs);
  }

  #connect(): Socket {
    const { peer, address, tls } = this.#options;
    if (tls === null) return connect({ ...address, noDelay: true });
    const socket = connectWithTls(tls, address, peer);
    // These are no errors on this side: it just ends.
    socket.once('connect', () => {
      this.#hangUpMeans = 'it hung up before TLS was made: does it speak TLS?';
    });
    socket.once('secureConnect', () => {
      this.#hangUpMeans = 'it hung up: is the own certificate of its authority?';
    });
    return socket;
  }

  #receive(connection: PeerConnection, frame: Uint8Array): void {
    this.#heardAtMs = this.#options.timers.now();
    this.#hangUpMeans = null;
    const refusal = parseRefusal(frame);
    if (refusal !== null) {
      this.#refused(refusal);
      connection.destroy();
    } else if (this.#connected) this.#options.onMessage(parseMessage(frame));
    else this.#greeted(connection, frame);
  }

  /** Throws PeerCodecError when somebody else answers. */
  #greeted(connection: PeerConnection, frame: Uint8Array): void {
    const { peer, policy } = this.#options;
    const { to, ...identity } = parseHello(frame);
    if (identity.nodeId !== peer || to !== policy.own.nodeId) {
      throw new PeerCodecError(
        `${identity.nodeId} answers ${to} where ${peer} should answer ${policy.own.nodeId}`,
      );
    }
    connection.hold();
    this.#admitting = true;
    policy.admit(identity, (refusal) => {
      if (this.#connection !== connection || connection.over) return;
      this.#admitting = false;
      if (refusal === null) this.#welcome(connection);
      else {
        this.#refused(refusal);
        // It has let this node in, and would not know why nothing comes.
        connection.refuse(refusal);
      }
    });
  }

  #welcome(connection: PeerConnection): void {
    const { peer, timers, log, onConnected } = this.#options;
    this.#heardAtMs = timers.now();
    this.#connected = true;
    this.#refusal = null;
    this.#backoffMs = backoffMsMin;
    log.event('info', 'peer connected', { to: peer });
    onConnected(true);
    connection.release();
  }

  #refused(reason: string): void {
    const { peer, warnings } = this.#options;
    this.#refusal = reason;
    this.#backoffMs = backoffMsMax;
    warnings.warn('peer link refused', { to: peer, reason });
  }

  /** Sends a probe, or gives the link up when the last ones had no echo. */
  #probe(): void {
    const connection = this.#connection;
    if (connection === null) {
      this.#dial();
      return;
    }
    if (!this.#admitting && this.#options.timers.now() - this.#heardAtMs > silentMsMax) {
      connection.destroy();
      return;
    }
    if (this.#connected) connection.probe();
    this.#after(probeMs);
  }

  #lost(): void {
    if (this.#hangUpMeans !== null && !this.#closed) this.#refused(this.#hangUpMeans);
    this.#hangUpMeans = null;
    this.#connection = null;
    this.#admitting = false;
    if (this.#connected) {
      this.#connected = false;
      this.#options.log.event('info', 'peer lost', { to: this.#options.peer });
      this.#options.onConnected(false);
    }
    if (this.#closed) return;
    this.#after(this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMsMax);
  }

  /** One timer: for the next probe while there is a connection, for the next attempt otherwise. */
  #after(delayMs: number | null): void {
    const { timers } = this.#options;
    if (this.#timer !== null) timers.cancel(this.#timer);
    this.#timer = delayMs === null ? null : timers.after(delayMs, () => this.#probe());
  }
}

/** Not that nobody listens: that somebody does, whose certificate or ours is not wanted. */
function isOfTls(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return !/^E[A-Z]+$/.test(code);
}
