/**
 * The driver: feeds inputs to the Raft core and performs its Readys on a Host.
 *
 * It owns the order of effects: nothing that depends on a write leaves before the write is durable,
 * committed entries are applied in order, a read waits for its read index. It decides nothing about
 * consensus, and takes time, disk, network and randomness from the Host alone. Callbacks only: a
 * promise would run at moments that a simulation can not choose.
 */
import { createErrorReply, type ErrorReply } from './errors.ts';
import type { Host, TimerId } from './host.ts';
import { type Command, encodeCommand, type Reply, type WriteCommand } from './kv/command.ts';
import { StateMachine } from './kv/state-machine.ts';
import { PendingProposals, type ReplyTo } from './pending-proposals.ts';
import { type PendingRead, PendingReads } from './pending-reads.ts';
import type { NodeId, Role } from './raft/entry.ts';
import type { Envelope } from './raft/message.ts';
import { createRaft, type Raft } from './raft/raft.ts';
import type { Input, Ready } from './raft/ready.ts';
import { recoverWal } from './storage/wal-recovery.ts';
import { WriteQueue } from './storage/write-queue.ts';

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
  readonly keyCount: number;
}

export interface ServerNode {
  /** `reply` is called exactly once, perhaps at once, unless the node ends by onFatal first. */
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
  return new NodeDriver(host, options);
}

// What may wait here at once; more is turned away with OVERLOADED, which is definite.
const proposalCountMax = 16_384;
const proposalBytesMax = 64 * 1024 * 1024;
const readCountMax = 65_536;
/** Of one input, so that no single write or message becomes enormous. */
const proposeBytesMax = 4 * 1024 * 1024;

interface QueuedProposal {
  readonly data: Uint8Array;
  readonly reply: ReplyTo;
}

class NodeDriver implements ServerNode {
  readonly #host: Host;
  readonly #options: NodeOptions;
  readonly #raft: Raft;
  readonly #writeQueue: WriteQueue;
  readonly #stateMachine = new StateMachine();
  readonly #proposals = new PendingProposals();
  readonly #reads = new PendingReads();
  /** What came in this turn: it goes to the core together, at the turn's end. */
  #queuedProposals: QueuedProposal[] = [];
  #queuedReads: PendingRead[] = [];
  #pendingBytes = 0;
  #nextId = 1;
  #phase: 'repairing' | 'running' | 'stopping' | 'ended' = 'repairing';
  #tickTimer: TimerId | null = null;
  #flushScheduled = false;
  /** Ticks since this server ceased to lead in the term that its oldest proposal is of. */
  #lostTicks = 0;
  #stopped: (() => void) | null = null;

  constructor(host: Host, options: NodeOptions) {
    this.#host = host;
    this.#options = options;
    const { hardState, entries, tornBytes, wal, repair } = recoverWal(host.disk, host.random);
    host.log.event('info', 'recovered', {
      term: hardState.currentTerm,
      votedFor: hardState.votedFor,
      lastLogIndex: entries.length,
      tornBytes,
    });
    this.#raft = createRaft(
      {
        id: options.id,
        voters: options.voters,
        electionTimeoutTicks: options.electionTicks,
        heartbeatTimeoutTicks: options.heartbeatTicks,
        random: () => host.random.next(),
      },
      { hardState, entries },
    );
    this.#writeQueue = new WriteQueue(wal, {
      written: (writeId) => this.#guard(() => this.#step({ type: 'written', writeId })),
      release: (messages) => this.#send(messages),
      drained: () => this.#maybeFinishStop(),
      failed: (error) => this.#fail(error),
    });
    host.network.onMessage((from, message) => {
      if (this.#phase !== 'running') return;
      this.#guard(() => this.#step({ type: 'message', from, message }));
    });
    repair((error) => this.#guard(() => this.#repaired(error)));
  }

  execute(command: Command, reply: (reply: Reply) => void): void {
    if (this.#phase === 'ended') return;
    if (this.#phase !== 'running') reply(this.#refusal());
    else if (command.type === 'get') this.#executeRead({ command, reply });
    else this.#executeWrite(command, reply);
  }

  info(): NodeInfo {
    const { currentTerm: term, ...status } = this.#raft.status();
    const { id, role, leaderId, votedFor, commitIndex, lastLogIndex, lastLogTerm, voters } = status;
    return {
      id,
      role,
      term,
      leaderId,
      leaderClientAddress:
        leaderId === null ? null : (this.#options.clientAddresses.get(leaderId) ?? null),
      votedFor,
      commitIndex,
      appliedIndex: this.#stateMachine.appliedIndex,
      lastLogIndex,
      lastLogTerm,
      voters,
      keyCount: this.#stateMachine.keyCount,
    };
  }

  stop(done: () => void): void {
    this.#stopped = done;
    if (this.#phase === 'running') {
      const refusal = createErrorReply('NOLEADER', 'this node stops');
      for (const { reply } of this.#queuedProposals) reply(refusal);
      for (const { reply } of [...this.#queuedReads, ...this.#reads.takeAll()]) reply(refusal);
      this.#queuedProposals = [];
      this.#queuedReads = [];
      const uncertain = 'this node stopped after the command was proposed';
      this.#proposals.abandonBelow(Infinity, createErrorReply('UNCERTAIN', uncertain));
    }
    if (this.#phase !== 'ended') this.#phase = 'stopping';
    if (this.#tickTimer !== null) this.#host.timers.cancel(this.#tickTimer);
    this.#host.timers.after(0, () => {
      this.#writeQueue.flush();
      this.#maybeFinishStop();
    });
  }

  #repaired(error: Error | null): void {
    if (error !== null) {
      this.#fail(error);
      return;
    }
    if (this.#phase !== 'repairing') return;
    this.#phase = 'running';
    this.#armTick();
  }

  #armTick(): void {
    this.#tickTimer = this.#host.timers.after(this.#options.tickMs, () => {
      if (this.#phase !== 'running') return;
      this.#armTick();
      this.#guard(() => {
        this.#step({ type: 'tick' });
        this.#maybeAbandonProposals();
      });
    });
  }

  #executeRead(read: PendingRead): void {
    if (this.#reads.count + this.#queuedReads.length >= readCountMax) {
      read.reply(createErrorReply('OVERLOADED', 'too many reads wait'));
      return;
    }
    this.#queuedReads.push(read);
    this.#scheduleFlush();
  }

  #executeWrite(command: WriteCommand, reply: ReplyTo): void {
    const data = encodeCommand(command);
    const count = this.#proposals.count + this.#queuedProposals.length;
    if (count >= proposalCountMax || this.#pendingBytes + data.length > proposalBytesMax) {
      reply(createErrorReply('OVERLOADED', 'too many writes wait'));
      return;
    }
    this.#pendingBytes += data.length;
    const replyOnce: ReplyTo = (answer) => {
      this.#pendingBytes -= data.length;
      reply(answer);
    };
    this.#queuedProposals.push({ data, reply: replyOnce });
    this.#scheduleFlush();
  }

  /** At the end of this turn: what else comes in it shares one message, one append, one round. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#host.timers.after(0, () => {
      this.#flushScheduled = false;
      if (this.#phase !== 'running') return;
      this.#guard(() => this.#flush());
    });
  }

  #flush(): void {
    while (this.#queuedProposals.length > 0) this.#propose(this.#takeProposals());
    if (this.#queuedReads.length > 0) {
      const ids: number[] = [];
      for (const read of this.#queuedReads) {
        const id = this.#nextId++;
        this.#reads.ask(id, read);
        ids.push(id);
      }
      this.#queuedReads = [];
      this.#step({ type: 'read', ids });
    }
    this.#writeQueue.flush();
  }

  #takeProposals(): readonly QueuedProposal[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#queuedProposals) {
      if (count > 0 && bytes + data.length > proposeBytesMax) break;
      bytes += data.length;
      count += 1;
    }
    return this.#queuedProposals.splice(0, count);
  }

  #propose(queued: readonly QueuedProposal[]): void {
    const proposals = queued.map(({ data, reply }) => {
      const id = this.#nextId++;
      this.#proposals.offer(id, reply);
      return { id, data };
    });
    this.#step({ type: 'propose', proposals });
  }

  #step(input: Input): void {
    this.#perform(this.#raft.step(input));
  }

  /** The order matters: see the comment of each field of Ready. */
  #perform(ready: Ready): void {
    if (ready.statusChanged) this.#logStatus();
    for (const { id, entry } of ready.accepted) this.#proposals.accept(id, entry);
    for (const { id } of ready.rejected) this.#proposals.reject(id, this.#refusal());
    this.#send(ready.messages);
    if (ready.write !== null || ready.messagesAfterWrite.length > 0) {
      this.#writeQueue.push(ready);
      this.#scheduleFlush();
    }
    for (const entry of ready.committed) {
      const answer = this.#stateMachine.apply(entry);
      this.#proposals.applied(entry, answer, () => this.#refusal());
    }
    for (const { id } of ready.rejectedReads) this.#reads.take(id).reply(this.#refusal());
    for (const { id, readIndex } of ready.reads) this.#reads.confirm(id, readIndex);
    for (const { command, reply } of this.#reads.takeReady(this.#stateMachine.appliedIndex)) {
      reply(this.#stateMachine.read(command));
    }
  }

  #send(messages: readonly Envelope[]): void {
    for (const { to, message } of messages) this.#host.network.send(to, message);
  }

  /** Definite: whoever gets it knows that the command did not happen here. */
  #refusal(): ErrorReply {
    const { id } = this.#options;
    const { leaderId } = this.#raft.status();
    const address = leaderId === null ? undefined : this.#options.clientAddresses.get(leaderId);
    if (this.#phase === 'running' && leaderId !== id && address !== undefined) {
      return createErrorReply('MOVED', `0 ${address}`);
    }
    return createErrorReply('NOLEADER', 'no leader is known here, try again later');
  }

  /**
   * A proposal of a term that this server no longer leads in is settled when something is applied
   * at or behind it. That mostly comes soon and gives a definite answer; it is not waited for long.
   */
  #maybeAbandonProposals(): void {
    const { role, currentTerm } = this.#raft.status();
    const { oldestTerm } = this.#proposals;
    if (oldestTerm === null || (role === 'leader' && oldestTerm === currentTerm)) {
      this.#lostTicks = 0;
      return;
    }
    this.#lostTicks += 1;
    if (this.#lostTicks < 2 * this.#options.electionTicks) return;
    const uncertain = 'leadership was lost after the command was proposed';
    this.#proposals.abandonBelow(
      role === 'leader' ? currentTerm : Infinity,
      createErrorReply('UNCERTAIN', uncertain),
    );
    this.#lostTicks = 0;
  }

  #logStatus(): void {
    const { role, currentTerm: term, leaderId, lastLogIndex, commitIndex } = this.#raft.status();
    this.#host.log.event('info', 'status', { role, term, leaderId, lastLogIndex, commitIndex });
  }

  /** Whatever goes wrong inside ends the node: what it would do next could not be trusted. */
  #guard(action: () => void): void {
    if (this.#phase === 'ended') return;
    try {
      action();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    if (this.#tickTimer !== null) this.#host.timers.cancel(this.#tickTimer);
    this.#host.log.event('fatal', 'failed', { error: error.message, name: error.name });
    this.#options.onFatal(error);
  }

  #maybeFinishStop(): void {
    if (this.#stopped === null) return;
    if (this.#phase === 'stopping' && !this.#writeQueue.empty) return;
    const done = this.#stopped;
    this.#stopped = null;
    this.#phase = 'ended';
    done();
  }
}
