/**
 * The state of one server, as the handlers share it. [Fig. 2]
 *
 * The record is made by createCore and changed only by the modules of this folder, within one step.
 * `log`, `currentTerm`, `votedFor` and `snapshot` are persistent; the rest is lost in a crash.
 */
import { isVoter, membersOf } from './configuration.ts';
import { ConfigurationHistory } from './configuration-history.ts';
import { Durability } from './durability.ts';
import type { Configuration, EntryId, HardState, NodeId, Role, SnapshotMeta } from './entry.ts';
import { InvariantError } from './invariant-error.ts';
import { RaftLog } from './log.ts';
import type { Recovered, RequiredOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import type { Progress } from './progress.ts';
import {
  createForwardedReads,
  createReadQueue,
  type ForwardedReads,
  type ReadQueue,
} from './read-queue.ts';

/** Leadership is being handed over. [Ongaro §3.10] */
export interface Transfer {
  readonly id: number;
  readonly to: NodeId;
  elapsedTicks: number;
  toldToStand: boolean;
}

export interface Core {
  readonly options: RequiredOptions;
  readonly id: NodeId;
  readonly configurations: ConfigurationHistory;

  currentTerm: number;
  votedFor: NodeId | null;
  readonly log: RaftLog;
  readonly durability: Durability;
  /** The newest one that is durable, own or received. */
  snapshot: SnapshotMeta | null;

  role: Role;
  leaderId: NodeId | null;
  /** Starts at the snapshot after each restart; the leader tells it anew. [Fig. 2] */
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
  /** This campaign was begun at the leader's word. */
  campaignIsTransfer: boolean;

  /** A leader's view of each other member; empty elsewhere. */
  progress: Map<NodeId, Progress>;
  /** Over all terms of this process: no id is used twice. */
  nextReplicationId: number;
  /** Command data that this leader has appended and not committed. */
  uncommittedBytes: number;
  transfer: Transfer | null;
  /** Counts the beginnings and ends of this leader's transfers. */
  transferEpoch: number;
  /** The newest epoch that the leader of this term has told. */
  leaderTransferEpoch: number;
  readonly reads: ReadQueue;
  readonly forwardedReads: ForwardedReads;
  /** What the step at hand has produced so far. */
  outbox: Outbox;
}

export function createCore(options: RequiredOptions, recovered: Recovered): Core {
  const { hardState, snapshot } = recovered;
  const log = new RaftLog(recovered.base, recovered.entries);
  checkRecovered(recovered, log);
  const initial = { index: 0, configuration: options.initialConfiguration };
  const configurations = new ConfigurationHistory(snapshot?.configuration ?? initial);
  configurations.append(recovered.entries);
  const core: Core = {
    options,
    id: options.id,
    configurations,
    currentTerm: hardState.currentTerm,
    votedFor: hardState.votedFor,
    log,
    durability: new Durability(log.lastIndex),
    snapshot,
    role: 'follower',
    leaderId: null,
    commitIndex: snapshot?.lastIncludedIndex ?? 0,
    electionElapsedTicks: 0,
    electionTimeoutTicks: options.electionTimeoutTicks,
    heartbeatElapsedTicks: 0,
    checkQuorumElapsedTicks: 0,
    votesGranted: new Set(),
    ownVoteWriteId: null,
    campaignIsTransfer: false,
    progress: new Map(),
    nextReplicationId: 1,
    uncommittedBytes: 0,
    transfer: null,
    transferEpoch: 0,
    leaderTransferEpoch: 0,
    reads: createReadQueue(),
    forwardedReads: createForwardedReads(options.random),
    outbox: new Outbox(),
  };
  core.role = restingRole(core);
  return core;
}

function checkRecovered({ hardState, snapshot, base }: Recovered, log: RaftLog): void {
  const facts = {
    currentTerm: hardState.currentTerm,
    baseIndex: base.index,
    snapshotIndex: snapshot?.lastIncludedIndex ?? 0,
    lastLogIndex: log.lastIndex,
    lastLogTerm: log.lastTerm,
  };
  if (hardState.currentTerm < log.lastTerm) {
    throw new InvariantError('no entry on disk has a term beyond the hard state', facts);
  }
  // A gap between the two would be filled with nothing, and applied so.
  const { snapshotIndex } = facts;
  if (base.index > snapshotIndex || snapshotIndex > log.lastIndex) {
    throw new InvariantError('the log begins in the snapshot and reaches its end', facts);
  }
  if (snapshot !== null && !log.holds({ index: snapshotIndex, term: snapshot.lastIncludedTerm })) {
    throw new InvariantError('the log agrees with the snapshot', facts);
  }
}

/** In force: the newest in the log. [Raft §6] */
export function configurationInForce(core: Core): Configuration {
  return core.configurations.current.configuration;
}

export function isOwnVoter(core: Core): boolean {
  return isVoter(configurationInForce(core), core.id);
}

/**
 * Whether this server stands for election: a voter, or one that a configuration removes which is
 * not known to be committed. Its vote for itself does not count, but perhaps nobody else can win:
 *   1. n1 changes from {n1, n2} to {n2, n3} and crashes when it alone holds the new configuration;
 *   2. n2 and n3 hold the joint one, and need the vote of n1;
 *   3. n1 refuses it, for its log is longer. If it did not stand itself, that would be the end.
 * [Ongaro §4.2.2]
 */
export function mayStand(core: Core): boolean {
  if (isOwnVoter(core)) return true;
  const { current, previous } = core.configurations;
  const committed = current.index <= core.commitIndex;
  return !committed && previous !== null && isVoter(previous.configuration, core.id);
}

/** What this server is when it neither stands nor leads. */
export function restingRole(core: Core): 'follower' | 'learner' {
  return mayStand(core) ? 'follower' : 'learner';
}

/**
 * Everybody to whom a leader sends. Who is leaving is among them until the change is committed, so
 * that it may learn of its removal.
 */
export function otherMembers(core: Core): readonly NodeId[] {
  const { current, previous } = core.configurations;
  const leaving =
    previous !== null && current.index > core.commitIndex ? membersOf(previous.configuration) : [];
  const all = new Set([...membersOf(current.configuration), ...leaving]);
  all.delete(core.id);
  return [...all];
}

export function lastLogId(core: Core): EntryId {
  return { index: core.log.lastIndex, term: core.log.lastTerm };
}

export function hardStateOf(core: Core): HardState {
  return { currentTerm: core.currentTerm, votedFor: core.votedFor };
}
