/**
 * The Host: everything that the server takes from the machine.
 *
 * The real one is server/host/, the simulated one harness/simulation/. The driver gets one at its
 * start and reaches for nothing else, so that one code runs on both.
 */
import type { NodeId } from './raft/entry.ts';
import type { Message } from './raft/message.ts';
import type { Disk } from './storage/disk.ts';

export interface Host {
  readonly disk: Disk;
  readonly network: Network;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** Unreliable datagrams between peers: a message may be lost, late, doubled or out of order. */
export interface Network {
  /** Never throws; a message that cannot leave is dropped. */
  send(to: NodeId, message: Message): void;
  onMessage(handler: (from: NodeId, message: Message) => void): void;
  /** A link to a peer came up or went down. A hint: nothing depends on it for safety. */
  onPeer(handler: (peer: NodeId, connected: boolean) => void): void;
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
