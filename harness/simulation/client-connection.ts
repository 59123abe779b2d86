/**
 * A simulated connection between a client and a node: bytes in order, late, and lost with the node.
 *
 * The client's end is the harness's ByteStream, the other a session of the real server code. It is
 * a TCP connection as programs see one: nothing in it is lost or overtaken while both ends live.
 */
import type { Session, SessionOutput } from '../../server/resp/session.ts';
import type { ByteStream } from '../cluster.ts';
import type { RandomSource } from '../run/random.ts';
import type { Engine } from './engine.ts';
import { drawLatencyUs, type Latency } from './latency.ts';
import type { Life } from './life.ts';
import type { Trace } from './trace.ts';

export interface ConnectionSurroundings {
  readonly engine: Engine;
  readonly trace: Trace;
  readonly random: RandomSource;
  readonly latency: Latency;
}

/** What the owner of a node's life does with its connections. */
export interface ServerEnd {
  /** The node is gone: what it had sent still arrives, then the connection ends. */
  reset(reason: string): void;
}

interface ConnectionPlan {
  readonly life: Life;
  readonly openSession: (output: SessionOutput) => Session;
  readonly onClosed: (end: ServerEnd) => void;
}

export class ClientConnection implements ServerEnd {
  readonly #surroundings: ConnectionSurroundings;
  readonly #plan: ConnectionPlan;
  #session: Session | null = null;
  readonly #toServer = { busyUntilUs: 0 };
  readonly #toClient = { busyUntilUs: 0 };
  #serverClosed = false;
  #clientClosed = false;
  #onData: ((bytes: Uint8Array) => void) | null = null;
  #onClose: ((reason: string) => void) | null = null;
  /** What arrived before anyone listened. */
  #early: Uint8Array[] = [];
  #endReason: string | null = null;

  constructor(surroundings: ConnectionSurroundings, plan: ConnectionPlan) {
    this.#surroundings = surroundings;
    this.#plan = plan;
    plan.life.deliver(() => {
      this.#session = plan.openSession({
        write: (bytes) => this.#sendToClient(bytes),
        close: () => this.#closeByServer(),
      });
    });
  }

  /** The client's end. */
  readonly stream: ByteStream = {
    write: (bytes) => {
      if (this.#clientClosed) return;
      const copy = bytes.slice();
      this.#later(this.#toServer, () => {
        this.#trace(copy);
        this.#plan.life.deliver(() => {
          if (!this.#serverClosed) this.#session?.receive(copy);
        });
      });
    },
    onData: (handler) => {
      this.#onData = handler;
      if (this.#early.length > 0) this.#later(this.#toClient, () => this.#flushEarly());
    },
    onClose: (handler) => {
      this.#onClose = handler;
      if (this.#endReason !== null) this.#later(this.#toClient, () => this.#tellClosed());
    },
    close: () => {
      if (this.#clientClosed) return;
      this.#endReason = 'closed by the client';
      this.#later(this.#toClient, () => this.#tellClosed());
      this.#clientClosed = true;
      this.#later(this.#toServer, () => {
        if (this.#serverClosed) return;
        this.#serverClosed = true;
        this.#plan.onClosed(this);
        this.#plan.life.deliver(() => this.#session?.closed());
      });
    },
  };

  reset(reason: string): void {
    if (this.#serverClosed) return;
    this.#serverClosed = true;
    this.#plan.onClosed(this);
    this.#later(this.#toClient, () => {
      if (this.#clientClosed) return;
      this.#clientClosed = true;
      this.#endReason = reason;
      this.#tellClosed();
    });
  }

  /** The session hears of it later, as from a socket, never while it is still speaking. */
  #closeByServer(): void {
    if (this.#serverClosed) return;
    this.reset('closed by the node');
    this.#later(this.#toServer, () => this.#plan.life.deliver(() => this.#session?.closed()));
  }

  #sendToClient(bytes: Uint8Array): void {
    if (this.#serverClosed) return;
    const copy = bytes.slice();
    this.#later(this.#toClient, () => {
      if (this.#clientClosed) return;
      this.#trace(copy);
      this.#early.push(copy);
      this.#flushEarly();
    });
  }

  #flushEarly(): void {
    const handler = this.#onData;
    if (handler === null) return;
    const arrived = this.#early;
    this.#early = [];
    this.#surroundings.engine.callHarness(() => {
      for (const bytes of arrived) if (!this.#clientClosed) handler(bytes);
    });
  }

  #tellClosed(): void {
    const handler = this.#onClose;
    const reason = this.#endReason;
    if (handler === null || reason === null) return;
    this.#onClose = null;
    this.#surroundings.engine.callHarness(() => handler(reason));
  }

  /** One direction keeps its order. */
  #later(direction: { busyUntilUs: number }, callback: () => void): void {
    const { engine, random, latency } = this.#surroundings;
    const { time } = engine;
    const arrivalUs = time.nowUs + 1 + drawLatencyUs(random, latency);
    direction.busyUntilUs = Math.max(direction.busyUntilUs, arrivalUs);
    time.scheduleAt(direction.busyUntilUs, callback);
  }

  #trace(bytes: Uint8Array): void {
    const { engine, trace } = this.#surroundings;
    trace.number(engine.time.nowUs);
    trace.bytes(bytes);
  }
}
