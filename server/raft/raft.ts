/**
 * The Raft core: `step(input) -> Ready`.
 *
 * It has no clock, socket, file or randomness of its own: what it needs comes in, what it wants
 * leaves as data. The driver (server/node.ts) performs every Ready in the order of the steps.
 * This file only dispatches, collects the Ready and checks the invariants.
 */
import { handleAppendEntries } from './append-entries.ts';
import { type Core, createCore, hardStateOf } from './core.ts';
import {
  handleRequestVote,
  handleRequestVoteResponse,
  handleTimeoutNow,
  maybeCountOwnVote,
  stepElectionTick,
} from './election.ts';
import type { NodeId, SnapshotMeta } from './entry.ts';
import {
  handleInstallSnapshot,
  snapshotMetaAt,
  stepChunkStored,
  stepSnapshotReceived,
  stepSnapshotTaken,
} from './install-snapshot.ts';
import { assertNever } from './invariant-error.ts';
import {
  checkDeeply,
  checkState,
  checkTransition,
  type Landmarks,
  landmarksOf,
} from './invariants.ts';
import { furthestVoter, stepChangeConfiguration } from './membership.ts';
import type { Message } from './message.ts';
import { completeOptions, type RaftOptions, type Recovered } from './options.ts';
import { Outbox } from './outbox.ts';
import { handleReadIndexResponse } from './read-index.ts';
import type { Input, RaftStatus, Ready, Write } from './ready.ts';
import {
  handleAppendEntriesResponse,
  handleInstallSnapshotResponse,
  handleReadIndexRequest,
  maybeAdvanceCommitIndex,
  stepLeaderTick,
  stepPropose,
  stepRead,
} from './replication.ts';
import { maybeAdoptTerm, resetElectionTimer } from './role.ts';
import { restartSnapshot } from './sending.ts';
import { statusOf } from './status.ts';
import { stepTransfer } from './transfer.ts';

export type { RaftOptions, Recovered } from './options.ts';

export interface Raft {
  /** Throws InvariantError when Raft's promises are broken; the server must stop then. */
  step(input: Input): Ready;
  status(): RaftStatus;
  /** What a snapshot of the state at this index, committed and not compacted, says of itself. */
  snapshotMetaAt(index: number): SnapshotMeta;
  /** All of the log and what depends on it: too slow for each step of a busy server. Throws
   * InvariantError. */
  checkDeeply(): void;
}

/** Throws RangeError for options that cannot work, InvariantError for a log that cannot be. */
export function createRaft(options: RaftOptions, recovered: Recovered): Raft {
  const core = createCore(completeOptions(options), recovered);
  resetElectionTimer(core);
  checkState(core);
  return new SteppedCore(core);
}

class SteppedCore implements Raft {
  readonly #core: Core;
  /** A core that has broken its promises says nothing more. */
  #broken: unknown = null;

  constructor(core: Core) {
    this.#core = core;
  }

  step(input: Input): Ready {
    if (this.#broken !== null) throw this.#broken;
    const before = landmarksOf(this.#core);
    try {
      dispatch(this.#core, input);
      checkState(this.#core);
      checkTransition(before, this.#core);
    } catch (error) {
      this.#broken = error;
      throw error;
    }
    return takeReady(this.#core, before);
  }

  status(): RaftStatus {
    return statusOf(this.#core);
  }

  snapshotMetaAt(index: number): SnapshotMeta {
    return snapshotMetaAt(this.#core, index);
  }

  checkDeeply(): void {
    checkDeeply(this.#core);
  }
}

function dispatch(core: Core, input: Input): void {
  switch (input.type) {
    case 'tick':
      if (core.role === 'leader') stepLeaderTick(core);
      else stepElectionTick(core);
      return;
    case 'message':
      stepMessage(core, input.from, input.message);
      return;
    case 'propose':
      stepPropose(core, input.proposals);
      return;
    case 'read':
      stepRead(core, input.ids);
      return;
    case 'written':
      stepWritten(core, input.writeId);
      return;
    case 'changeConfiguration':
      stepChangeConfiguration(core, input);
      return;
    case 'transfer':
      stepTransfer(core, input.id, input.to ?? furthestVoter(core));
      return;
    case 'snapshotTaken':
      stepSnapshotTaken(core, input.snapshot);
      return;
    case 'chunkStored':
      stepChunkStored(core, input);
      return;
    case 'snapshotReceived':
      stepSnapshotReceived(core, input);
      return;
    case 'snapshotGone':
      restartSnapshot(core, input.to);
      return;
    default:
      assertNever(input);
  }
}

/**
 * From anybody: who is in the configuration is asked only where something is counted. A server may
 * not know yet that its leader, or a candidate, is a member. [Ongaro §4.1] But nobody speaks for
 * another.
 */
function stepMessage(core: Core, from: NodeId, message: Message): void {
  if (from === core.id) return;
  switch (message.type) {
    case 'requestVote':
      if (message.candidateId === from) handleRequestVote(core, from, message);
      return;
    case 'requestVoteResponse':
      handleRequestVoteResponse(core, from, message);
      return;
    case 'appendEntries':
      if (message.leaderId === from) handleAppendEntries(core, from, message);
      return;
    case 'appendEntriesResponse':
      handleAppendEntriesResponse(core, from, message);
      return;
    case 'installSnapshot':
      if (message.leaderId === from) handleInstallSnapshot(core, from, message);
      return;
    case 'installSnapshotResponse':
      handleInstallSnapshotResponse(core, from, message);
      return;
    case 'timeoutNow':
      if (message.leaderId === from) handleTimeoutNow(core, message);
      return;
    case 'readIndexRequest':
      handleReadIndexRequest(core, from, message);
      return;
    case 'readIndexResponse':
      if (!maybeAdoptTerm(core, message.term)) handleReadIndexResponse(core, from, message);
      return;
    default:
      assertNever(message);
  }
}

function stepWritten(core: Core, writeId: number): void {
  core.durability.written(writeId);
  maybeCountOwnVote(core);
  if (core.role === 'leader') maybeAdvanceCommitIndex(core);
}

function takeReady(core: Core, before: Landmarks): Ready {
  const { outbox } = core;
  core.outbox = new Outbox();
  const appliedFrom = Math.max(before.commitIndex, outbox.installed?.lastIncludedIndex ?? 0);
  return {
    write: takeWrite(core, before, outbox.installed),
    messages: outbox.messages,
    messagesAfterWrite: outbox.messagesAfterWrite,
    installed: outbox.installed,
    committed:
      core.commitIndex > appliedFrom ? core.log.slice(appliedFrom + 1, core.commitIndex) : [],
    accepted: outbox.accepted,
    rejected: outbox.rejected,
    reads: outbox.reads,
    rejectedReads: outbox.rejectedReads,
    transfers: outbox.transfers,
    chunkRequests: outbox.chunkRequests,
    chunks: outbox.chunks,
    statusChanged:
      core.role !== before.role ||
      core.currentTerm !== before.currentTerm ||
      core.leaderId !== before.leaderId,
    configurationChanged: core.configurations.current !== before.configuration,
  };
}

function takeWrite(core: Core, before: Landmarks, snapshot: SnapshotMeta | null): Write | null {
  const changed = core.currentTerm !== before.currentTerm || core.votedFor !== before.votedFor;
  const entries = core.log.takeUnwritten();
  if (!changed && entries.length === 0 && snapshot === null) return null;
  const id = core.durability.issue(entries.at(-1)?.index ?? snapshot?.lastIncludedIndex ?? 0);
  return { id, hardState: changed ? hardStateOf(core) : null, snapshot, entries };
}
