/**
 * The driver: feeds inputs to the Raft core and performs its Readys on a Host.
 *
 * It owns the order of effects: nothing that depends on a write leaves before the write is durable,
 * committed entries are applied in order, a read waits for its read index. It decides nothing about
 * consensus, and takes time, disk, network and randomness from the Host alone.
 */
import type { Host } from './host.ts';
import type { Command, Reply } from './kv/command.ts';
import type { NodeId, Role } from './raft/entry.ts';

export interface NodeOptions {
  readonly id: NodeId;
  /** All servers that vote, this one included. */
  readonly voters: readonly NodeId[];
  /** Where clients reach each node, as `host:port`: what MOVED names. */
  readonly clientAddresses: ReadonlyMap<NodeId, string>;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  /** An election timeout is drawn anew each time from [n, 2n) ticks. */
  readonly electionTicks: number;
  /**
   * The node can not go on: its disk failed (DiskError) or an invariant is broken. It has ended
   * already when this is called: it sends and answers nothing more. Called at most once.
   */
  readonly onFatal: (error: Error) => void;
}

/** What a node says of itself. */
export interface NodeInfo {
  readonly id: NodeId;
  readonly role: Role;
  readonly term: number;
  readonly leaderId: NodeId | null;
  readonly leaderClientAddress: string | null;
  readonly votedFor: NodeId | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastLogIndex: number;
  readonly lastLogTerm: number;
  readonly voters: readonly NodeId[];
}

export interface ServerNode {
  /** `reply` is called exactly once, later, unless the node ends by onFatal first. */
  execute(command: Command, reply: (reply: Reply) => void): void;
  info(): NodeInfo;
  /** Answers what waits, lets the running write finish, and calls back when nothing is left. */
  stop(done: () => void): void;
}

/**
 * Recovers from the disk and starts to take part. Recovery is synchronous up to the repair of a
 * torn tail; until that is durable, commands are refused (NOLEADER) and messages dropped.
 * Throws DiskError, or WalCorruptionError for a log that is damaged other than at its tail.
 */
export function startNode(host: Host, options: NodeOptions): ServerNode {
  throw new Error(`not written yet: ${options.id} on ${typeof host}`);
}
