/**
 * One connection between two peers, whoever made it: frames in, frames out, nothing unbounded.
 *
 * It knows frames only; who the other end is and what it may say is peer-link.ts's business for
 * connections that this node made and incoming-peer.ts's for the others.
 */
import type { Socket } from 'node:net';
import { PeerCodecError } from '../peer-codec-bytes.ts';
import {
  encodeFrame,
  encodeHello,
  encodeRefusal,
  FrameReader,
  frameBytesMax,
  greetingBytesMax,
  type Hello,
} from '../peer-codec-frames.ts';

export interface PeerConnectionEvents {
  /** Throws PeerCodecError for what does not belong there; the connection is closed then. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** An empty frame: a probe, or its echo. */
  readonly onProbe: () => void;
  readonly onNonsense: (error: PeerCodecError) => void;
  readonly onError: (error: Error) => void;
  readonly onClosed: () => void;
}

/** What waits in this process for a slow peer; beyond it messages are dropped. */
const bufferedBytesMax = 8 * 1024 * 1024;
/** A refused peer has this long to read why. */
const lingerMs = 1000;

const emptyFrame = encodeFrame(new Uint8Array(0));

export class PeerConnection {
  readonly socket: Socket;
  readonly #events: PeerConnectionEvents;
  readonly #reader = new FrameReader(greetingBytesMax);
  #held = false;
  /** Nothing that still comes is looked at. */
  #over = false;
  #waiting: Uint8Array[] = [];
  #corked = false;

  constructor(socket: Socket, events: PeerConnectionEvents) {
    this.socket = socket;
    this.#events = events;
    socket.on('data', (chunk: Buffer) => this.#guard(() => this.#receive(chunk)));
    socket.on('error', events.onError);
    socket.on('close', events.onClosed);
  }

  /** This end has closed it, or the other one has. */
  get over(): boolean {
    return this.#over || this.socket.destroyed;
  }

  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  /** False: it was dropped. The bytes are made only when they can leave. */
  send(frame: () => Uint8Array): boolean {
    const { socket } = this;
    if (this.#over || !socket.writable || socket.writableLength > bufferedBytesMax) return false;
    const bytes = frame();
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(bytes);
    return true;
  }

  greet(hello: Hello): void {
    this.send(() => encodeFrame(encodeHello(hello)));
  }

  probe(): void {
    this.send(() => emptyFrame);
  }

  /** Until `release` nothing is read beyond what has been, and that waits. */
  hold(): void {
    this.#held = true;
    this.socket.pause();
  }

  /** The other end is known now, and may send long frames. */
  release(): void {
    if (this.over) return;
    this.#held = false;
    this.#reader.allow(frameBytesMax);
    this.socket.resume();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#guard(() => this.#handle(waiting));
  }

  /** One frame that says why, and the end. */
  refuse(reason: string): void {
    this.send(() => encodeFrame(encodeRefusal(reason)));
    this.#over = true;
    this.#waiting = [];
    const { socket } = this;
    socket.end();
    // Bytes that nobody reads would make the system reset the connection, and lose the reason.
    socket.resume();
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }

  /** What was sent still leaves, if it can. */
  finish(): void {
    const { socket } = this;
    this.#over = true;
    this.#waiting = [];
    socket.destroySoon();
    setTimeout(() => socket.destroy(), lingerMs).unref();
  }

  destroy(): void {
    this.#over = true;
    this.#waiting = [];
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    this.#handle(this.#reader.push(chunk));
  }

  #handle(frames: readonly Uint8Array[]): void {
    for (const frame of frames) {
      if (this.#over) return;
      if (this.#held) this.#waiting.push(frame);
      else if (frame.length === 0) this.#events.onProbe();
      else this.#events.onFrame(frame);
    }
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof PeerCodecError)) throw error;
      this.destroy();
      this.#events.onNonsense(error);
    }
  }
}
