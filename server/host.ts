/**
 * The Host: everything that the server takes from the machine.
 *
 * The real one is server/host/, the simulated one harness/simulation/. The driver gets one at its
 * start and reaches for nothing else, so that one code runs on both.
 */
import type { CrashPoints } from './crash-points.ts';
import type { NodeId } from './raft/entry.ts';
import type { Message } from './raft/message.ts';
import type { Disk } from './storage/disk.ts';
import type { Trace } from './trace.ts';

export interface Host {
  readonly disk: Disk;
  readonly network: Network;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly crashPoints: CrashPoints;
  /** Null: nobody asked for trace events. */
  readonly trace: Trace | null;
}

/** What a node says of itself to a peer before any message. */
export interface PeerIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Drawn when the data directory was made: a wiped node has another one. */
  readonly directoryId: string;
}

/** Who this node is, and who may speak to it. */
export interface PeerPolicy {
  readonly own: PeerIdentity;
  /** Answers once, perhaps later: null for a peer that is welcome, else why it is not. */
  admit(peer: PeerIdentity, answer: (refusal: string | null) => void): void;
}

/** Unreliable datagrams between peers: a message may be lost, late, doubled or out of order. */
export interface Network {
  /** Never throws; a message that cannot leave is dropped. */
  send(to: NodeId, message: Message): void;
  onMessage(handler: (from: NodeId, message: Message) => void): void;
  /** A link to a peer came up or went down. A hint: nothing depends on it for safety. */
  onPeer(handler: (peer: NodeId, connected: boolean) => void): void;
  /** Called once, before anything is sent: until then every peer is refused. */
  join(policy: PeerPolicy): void;
  /**
   * The other members and where they are, as `host:port` (empty: unknown). Links to others are
   * given up. A network that was told of an address by other means may know better.
   */
  setPeers(peers: ReadonlyMap<NodeId, string>): void;
  /** What was known of this peer is void: its connections are closed, and it is let in anew. */
  meetAgain(peer: NodeId): void;
}

/** Monotonic time. The core's safety never depends on it. */
export interface Timers {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Calls back once, never before this call has returned. */
  after(delayMs: number, callback: () => void): TimerId;
  cancel(timer: TimerId): void;
}

export type TimerId = number;

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export interface Log {
  event(level: LogLevel, name: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal';
