/**
 * A connection that a peer made to this node: its hello, its admission, then its messages.
 *
 * Until the policy has admitted it, nothing of what it says is looked at. Who is refused is told
 * why, once.
 */
import type { Socket } from 'node:net';
import type { PeerPolicy, Timers } from '../host.ts';
import { parseMessage } from '../peer-codec.ts';
import { encodeMessageFrame, parseHello, parseRefusal } from '../peer-codec-frames.ts';
import type { NodeId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import { PeerConnection } from './peer-connection.ts';
import { certificateFault } from './peer-tls.ts';

export interface IncomingPeerOptions {
  readonly policy: PeerPolicy;
  readonly timers: Timers;
  readonly onAdmitted: (from: NodeId) => void;
  readonly onMessage: (from: NodeId, message: Message) => void;
  /** It was let in, and does not want this node. */
  readonly onRefused: (from: NodeId, reason: string) => void;
  readonly onTrouble: (trouble: Readonly<Record<string, unknown>>) => void;
  readonly onClosed: (from: NodeId | null) => void;
}

/** Who connects says hello at once. */
const helloMsMax = 5000;

export class IncomingPeer {
  readonly #options: IncomingPeerOptions;
  readonly #connection: PeerConnection;
  #from: NodeId | null = null;
  #admitted = false;

  constructor(socket: Socket, options: IncomingPeerOptions) {
    this.#options = options;
    const { timers } = options;
    const timer = timers.after(helloMsMax, () => {
      if (this.#from === null) this.close();
    });
    this.#connection = new PeerConnection(socket, {
      onProbe: () => {
        if (this.#admitted) this.#connection.probe();
      },
      onFrame: (frame) => this.#receive(frame),
      onNonsense: (error) => options.onTrouble({ from: this.#from, reason: error.message }),
      onError: () => {},
      onClosed: () => {
        timers.cancel(timer);
        options.onClosed(this.#from);
      },
    });
  }

  /** Throws PeerCodecError for a message that can not be sent to anybody. */
  send(message: Message): void {
    this.#connection.send(() => encodeMessageFrame(message));
  }

  close(): void {
    this.#connection.destroy();
  }

  #receive(frame: Uint8Array): void {
    if (this.#from === null) {
      this.#greeted(frame);
      return;
    }
    const refusal = parseRefusal(frame);
    if (refusal === null) this.#options.onMessage(this.#from, parseMessage(frame));
    else this.#options.onRefused(this.#from, refusal);
  }

  #greeted(frame: Uint8Array): void {
    const { policy } = this.#options;
    const { to, ...identity } = parseHello(frame);
    const from = identity.nodeId;
    this.#from = from;
    const fault =
      to === policy.own.nodeId
        ? certificateFault(this.#connection.socket, from)
        : `${from} looked for ${to}, but this is ${policy.own.nodeId}`;
    if (fault !== null) {
      this.#refuse(from, fault);
      return;
    }
    this.#connection.hold();
    policy.admit(identity, (refusal) => {
      if (this.#connection.over) return;
      if (refusal === null) this.#welcome(from);
      else this.#refuse(from, refusal);
    });
  }

  #welcome(from: NodeId): void {
    this.#admitted = true;
    this.#options.onAdmitted(from);
    this.#connection.greet({ ...this.#options.policy.own, to: from });
    this.#connection.release();
  }

  #refuse(from: NodeId, reason: string): void {
    this.#options.onTrouble({ from, reason });
    this.#connection.refuse(reason);
  }
}
