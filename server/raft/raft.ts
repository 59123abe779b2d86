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
  maybeCountOwnVote,
  stepElectionTick,
} from './election.ts';
import type { NodeId } from './entry.ts';
import { assertNever } from './invariant-error.ts';
import { checkState, checkTransition, type Landmarks, landmarksOf } from './invariants.ts';
import type { Message } from './message.ts';
import { completeOptions, type RaftOptions, type Recovered } from './options.ts';
import { Outbox } from './outbox.ts';
import type { Input, RaftStatus, Ready, Write } from './ready.ts';
import {
  handleAppendEntriesResponse,
  maybeAdvanceCommitIndex,
  stepLeaderTick,
  stepPropose,
  stepRead,
} from './replication.ts';
import { resetElectionTimer } from './role.ts';

export type { RaftOptions, Recovered } from './options.ts';

export interface Raft {
  /** Throws InvariantError when Raft's promises are broken; the server must stop then. */
  step(input: Input): Ready;
  status(): RaftStatus;
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
    const { id, role, currentTerm, votedFor, leaderId, commitIndex, log } = this.#core;
    const { lastIndex: lastLogIndex, lastTerm: lastLogTerm } = log;
    return {
      id,
      role,
      currentTerm,
      votedFor,
      leaderId,
      commitIndex,
      lastLogIndex,
      lastLogTerm,
      voters: this.#core.configuration.voters,
    };
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
    default:
      assertNever(input);
  }
}

function stepMessage(core: Core, from: NodeId, message: Message): void {
  // Only members count, and nobody speaks for another.
  if (!core.peers.includes(from)) return;
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
  const { messages, messagesAfterWrite, accepted, rejected, reads, rejectedReads } = core.outbox;
  core.outbox = new Outbox();
  return {
    write: takeWrite(core, before),
    messages,
    messagesAfterWrite,
    committed:
      core.commitIndex > before.commitIndex
        ? core.log.slice(before.commitIndex + 1, core.commitIndex)
        : [],
    accepted,
    rejected,
    reads,
    rejectedReads,
    statusChanged:
      core.role !== before.role ||
      core.currentTerm !== before.currentTerm ||
      core.leaderId !== before.leaderId,
  };
}

function takeWrite(core: Core, before: Landmarks): Write | null {
  const changed = core.currentTerm !== before.currentTerm || core.votedFor !== before.votedFor;
  const entries = core.log.takeUnwritten();
  if (!changed && entries.length === 0) return null;
  const id = core.durability.issue(entries.at(-1)?.index ?? 0);
  return { id, hardState: changed ? hardStateOf(core) : null, entries };
}
