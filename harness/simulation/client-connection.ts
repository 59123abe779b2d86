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
import type { ClientRoad } from './link-rules.ts';
import type { Trace } from './trace.ts';

export interface ConnectionSurroundings {
  readonly engine: Engine;
  readonly trace: Trace;
  readonly random: RandomSource;
  readonly latency: Latency;
  readonly toNode: ClientRoad;
  readonly fromNode: ClientRoad;
}

/** What the owner of a node's life does with its connections. */
export interface ServerEnd {
  /** The node is gone: what it had sent still arrives, then the connection ends. */
  reset(reason: string): void;
  /** The connection ends at both ends. */
  breakOff(): void;
}

interface Direction {
  readonly road: ClientRoad;
  busyUntilUs: number;
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
  readonly #toServer: Direction;
  readonly #toClient: Direction;
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
    this.#toServer = { road: surroundings.toNode, busyUntilUs: 0 };
    this.#toClient = { road: surroundings.fromNode, busyUntilUs: 0 };
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
      const arrive = (): void => {
        this.#trace(copy);
        this.#plan.life.deliver(() => {
          if (!this.#serverClosed) this.#session?.receive(copy);
        });
      };
      this.#later(this.#toServer, arrive, copy.length);
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

  breakOff(): void {
    this.#close('connection reset');
  }

  #closeByServer(): void {
    this.#close('closed by the node');
  }

  /** The session hears of it later, as from a socket, never while it is still speaking. */
  #close(reason: string): void {
    if (this.#serverClosed) return;
    this.reset(reason);
    this.#later(this.#toServer, () => this.#plan.life.deliver(() => this.#session?.closed()));
  }

  #sendToClient(bytes: Uint8Array): void {
    if (this.#serverClosed) return;
    const copy = bytes.slice();
    const arrive = (): void => {
      if (this.#clientClosed) return;
      this.#trace(copy);
      this.#early.push(copy);
      this.#flushEarly();
    };
    this.#later(this.#toClient, arrive, copy.length);
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
  #later(direction: Direction, callback: () => void, byteCount = 0): void {
    const { engine, random, latency } = this.#surroundings;
    const { time } = engine;
    const { road } = direction;
    const latencyUs = drawLatencyUs(random, latency) + road.latenessUs(byteCount);
    direction.busyUntilUs = Math.max(direction.busyUntilUs, time.nowUs + 1 + latencyUs);
    time.scheduleAt(direction.busyUntilUs, () => road.arrive(callback));
  }

  #trace(bytes: Uint8Array): void {
    const { engine, trace } = this.#surroundings;
    trace.number(engine.time.nowUs);
    trace.bytes(bytes);
  }
}
