/**
 * What a server is told at its start, checked once, so that nothing later has to ask.
 */
import type { Configuration, Entry, EntryId, HardState, NodeId, SnapshotMeta } from './entry.ts';

export interface RaftOptions {
  readonly id: NodeId;
  /**
   * The configuration before any other was in the log, the same on all servers. Without voters:
   * this server waits until a leader tells it of the cluster.
   */
  readonly initialConfiguration: Configuration;
  /** n: each election timeout is drawn anew from [n, 2n) ticks. [Raft §5.2] */
  readonly electionTimeoutTicks: number;
  readonly heartbeatTimeoutTicks: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Bytes of command data in one appendEntries; one entry always fits. Default 256 KiB. */
  readonly maxEntryBytesPerMessage?: number;
  /** Unanswered appendEntries with entries per follower. Default 64. */
  readonly maxInflightMessages?: number;
  /** Bytes of command data in unanswered appendEntries per follower. Default 4 MiB. */
  readonly maxInflightBytes?: number;
  /** Bytes of command data that a leader holds uncommitted; more is rejected. Default 64 MiB. */
  readonly maxUncommittedBytes?: number;
  /** Entries before a snapshot that stay in the log for slow followers. Default 5000. */
  readonly trailingEntryCount?: number;
  /** Bytes of command data that such entries may have together. Default 16 MiB. */
  readonly trailingBytesMax?: number;
  /** A learner that lacks more entries than this is not made a voter. Default 1000. */
  readonly promotionLagMax?: number;
}

export type RequiredOptions = Required<RaftOptions>;

/** What was found on disk; at first term 0, no vote, no snapshot, no entries. */
export interface Recovered {
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta | null;
  /** What stands before the first of `entries`; index 0, term 0 before the first of all. */
  readonly base: EntryId;
  /** From base.index + 1 on, without a gap. Some may be older than the snapshot. */
  readonly entries: readonly Entry[];
}

/** Throws RangeError, naming the option and what to do. */
export function completeOptions(options: RaftOptions): RequiredOptions {
  const complete: RequiredOptions = {
    maxEntryBytesPerMessage: 256 * 1024,
    maxInflightMessages: 64,
    maxInflightBytes: 4 * 1024 * 1024,
    maxUncommittedBytes: 64 * 1024 * 1024,
    trailingEntryCount: 5000,
    trailingBytesMax: 16 * 1024 * 1024,
    promotionLagMax: 1000,
    ...options,
  };
  checkPositive('electionTimeoutTicks', complete.electionTimeoutTicks);
  checkPositive('heartbeatTimeoutTicks', complete.heartbeatTimeoutTicks);
  checkPositive('maxEntryBytesPerMessage', complete.maxEntryBytesPerMessage);
  checkPositive('maxInflightMessages', complete.maxInflightMessages);
  checkPositive('maxInflightBytes', complete.maxInflightBytes);
  checkPositive('maxUncommittedBytes', complete.maxUncommittedBytes);
  checkPositive('trailingEntryCount + 1', complete.trailingEntryCount + 1);
  checkPositive('promotionLagMax + 1', complete.promotionLagMax + 1);
  const { electionTimeoutTicks, heartbeatTimeoutTicks } = complete;
  if (heartbeatTimeoutTicks >= electionTimeoutTicks) {
    throw new RangeError(
      `heartbeatTimeoutTicks ${heartbeatTimeoutTicks} must be less than electionTimeoutTicks ` +
        `${electionTimeoutTicks}: followers would depose a leader that is well [Raft §5.6]`,
    );
  }
  return complete;
}

function checkPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${name} must be a positive whole number, not ${value}`);
}
