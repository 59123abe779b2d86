/**
 * What a node is told at its start.
 */
import type { SessionLimits } from './kv/sessions.ts';
import type { Configuration, NodeId } from './raft/entry.ts';
import type { RaftOptions } from './raft/options.ts';

/** The defaults are right for any server; small ones make what is rare common in a simulation. */
export interface NodeSizes {
  readonly raft?: Partial<
    Pick<RaftOptions, 'maxEntryBytesPerMessage' | 'maxInflightMessages' | 'maxInflightBytes'>
  >;
  /** Of a snapshot in one installSnapshot. Default 256 KiB. */
  readonly chunkBytes?: number;
  /** Items of the state that are put into one piece of a snapshot. Default 2048. */
  readonly pieceItems?: number;
  /** The same on all nodes, else their states part. */
  readonly sessions?: Partial<SessionLimits>;
}

export interface NodeOptions {
  readonly id: NodeId;
  readonly clusterId: string;
  /** At the first start of this data directory; without voters it waits to be added. */
  readonly initialConfiguration: Configuration;
  /** Where clients reach each node, as `host:port`: what MOVED names. Wins over what the
   * configuration says. */
  readonly clientAddresses: ReadonlyMap<NodeId, string>;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  /** An election timeout is drawn anew each time from [n, 2n) ticks. */
  readonly electionTicks: number;
  /** Of a file of the log. */
  readonly segmentBytes: number;
  /** Entries after which a snapshot is taken. */
  readonly snapshotEntries: number;
  /** Bytes of commands after which one is taken, however few they are. Default 256 MiB. */
  readonly snapshotBytes?: number;
  /** Entries before a snapshot that stay in the log. */
  readonly trailingEntries: number;
  /** Walk the whole log after each step: slow. */
  readonly checkDeeply: boolean;
  /** No flag: nobody needs others than these. */
  readonly sizes?: NodeSizes;
  /**
   * The node can not go on: its disk failed (DiskError) or an invariant is broken. It has ended
   * already when this is called: it sends and answers nothing more. Called at most once.
   */
  readonly onFatal: (error: Error) => void;
}
