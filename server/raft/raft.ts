/**
 * The Raft core: `step(input) -> Ready`.
 *
 * It has no clock, socket, file or randomness of its own: what it needs comes in, what it wants
 * leaves as data. The driver (server/node.ts) performs every Ready in the order of the steps.
 */
import type { Entry, HardState, NodeId } from './entry.ts';
import type { Input, RaftStatus, Ready } from './ready.ts';

export interface RaftOptions {
  readonly id: NodeId;
  /** All servers that vote, this one included. */
  readonly voters: readonly NodeId[];
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
}

/** What was found on disk: `{ hardState: { currentTerm: 0, votedFor: null }, entries: [] }` at first. */
export interface Recovered {
  readonly hardState: HardState;
  /** The whole log from index 1, without a gap. */
  readonly entries: readonly Entry[];
}

export interface Raft {
  /** Throws InvariantError when Raft's promises are broken; the server must stop then. */
  step(input: Input): Ready;
  status(): RaftStatus;
}

/** Throws RangeError for options that cannot work. */
export function createRaft(options: RaftOptions, recovered: Recovered): Raft {
  throw new Error(
    `the core is not built yet: ${options.id} with ${recovered.entries.length} entries`,
  );
}
