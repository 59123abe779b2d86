/**
 * The state of one server, as the handlers share it. [Fig. 2]
 *
 * The record is made by createCore and changed only by the modules of this folder, within one step.
 * `log`, `currentTerm` and `votedFor` are persistent; the rest is lost in a crash.
 */
import { Durability } from './durability.ts';
import type { Configuration, EntryId, HardState, NodeId, Role } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { RaftLog } from './log.ts';
import type { Recovered, RequiredOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import { createReadQueue, type ReadQueue } from './read-queue.ts';

export interface Core {
  readonly options: RequiredOptions;
  readonly id: NodeId;
  readonly configuration: Configuration;
  /** The voters without this server. */
  readonly peers: readonly NodeId[];

  currentTerm: number;
  votedFor: NodeId | null;
  readonly log: RaftLog;
  readonly durability: Durability;

  role: Role;
  leaderId: NodeId | null;
  /** Starts at 0 after each restart; the leader tells it anew. [Fig. 2] */
  commitIndex: number;

  /** Since the leader was last heard, a vote was granted, or a campaign began. */
  electionElapsedTicks: number;
  electionTimeoutTicks: number;
  heartbeatElapsedTicks: number;
  checkQuorumElapsedTicks: number;

  /** Who granted this candidate or pre-candidate its vote. */
  votesGranted: Set<NodeId>;
  /** The write that holds this candidate's vote for itself; it counts once that is durable. */
  ownVoteWriteId: number | null;

  /** A leader's view of each peer; empty elsewhere. */
  progress: Map<NodeId, Progress>;
  readonly reads: ReadQueue;
  /** What the step at hand has produced so far. */
  outbox: Outbox;
}

export function createCore(options: RequiredOptions, recovered: Recovered): Core {
  const { hardState, entries } = recovered;
  const log = new RaftLog(entries);
  if (hardState.currentTerm < log.lastTerm) {
    const facts = { currentTerm: hardState.currentTerm, lastLogTerm: log.lastTerm };
    throw new InvariantError('no entry on disk has a term beyond the hard state', facts);
  }
  return {
    options,
    id: options.id,
    configuration: { voters: options.voters },
    peers: options.voters.filter((voter) => voter !== options.id),
    currentTerm: hardState.currentTerm,
    votedFor: hardState.votedFor,
    log,
    durability: new Durability(log.lastIndex),
    role: 'follower',
    leaderId: null,
    commitIndex: 0,
    electionElapsedTicks: 0,
    electionTimeoutTicks: options.electionTimeoutTicks,
    heartbeatElapsedTicks: 0,
    checkQuorumElapsedTicks: 0,
    votesGranted: new Set(),
    ownVoteWriteId: null,
    progress: new Map(),
    reads: createReadQueue(),
    outbox: new Outbox(),
  };
}

export function lastLogId(core: Core): EntryId {
  return { index: core.log.lastIndex, term: core.log.lastTerm };
}

export function hardStateOf(core: Core): HardState {
  return { currentTerm: core.currentTerm, votedFor: core.votedFor };
}
