/**
 * What a server is told at its start, checked once, so that nothing later has to ask.
 */
import type { Entry, HardState, NodeId } from './entry.ts';

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

export type RequiredOptions = Required<RaftOptions>;

/** What was found on disk; at first term 0, no vote, no entries. */
export interface Recovered {
  readonly hardState: HardState;
  /** The whole log from index 1, without a gap. */
  readonly entries: readonly Entry[];
}

/** Throws RangeError, naming the option and what to do. */
export function completeOptions(options: RaftOptions): RequiredOptions {
  const complete: RequiredOptions = {
    maxEntryBytesPerMessage: 256 * 1024,
    maxInflightMessages: 64,
    maxInflightBytes: 4 * 1024 * 1024,
    ...options,
  };
  checkPositive('electionTimeoutTicks', complete.electionTimeoutTicks);
  checkPositive('heartbeatTimeoutTicks', complete.heartbeatTimeoutTicks);
  checkPositive('maxEntryBytesPerMessage', complete.maxEntryBytesPerMessage);
  checkPositive('maxInflightMessages', complete.maxInflightMessages);
  checkPositive('maxInflightBytes', complete.maxInflightBytes);
  const { id, voters, electionTimeoutTicks, heartbeatTimeoutTicks } = complete;
  if (heartbeatTimeoutTicks >= electionTimeoutTicks) {
    throw new RangeError(
      `heartbeatTimeoutTicks ${heartbeatTimeoutTicks} must be less than electionTimeoutTicks ` +
        `${electionTimeoutTicks}: followers would depose a leader that is well [Raft §5.6]`,
    );
  }
  if (!voters.includes(id)) {
    throw new RangeError(`voters ${voters.join(',')} must hold this server's id ${id}`);
  }
  if (new Set(voters).size !== voters.length) {
    throw new RangeError(`voters ${voters.join(',')} must not hold an id twice`);
  }
  return complete;
}

function checkPositive(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw new RangeError(`${name} must be a positive whole number, not ${value}`);
}
