/**
 * A node: clients' commands in, answers out, on a Raft driver.
 *
 * It owns who waits for what, and what may be said to whom. It decides nothing about consensus, and
 * takes time, disk, network and randomness from the Host alone. Callbacks only: a promise would run
 * at moments that a simulation can not choose.
 */
import { createErrorReply, type ErrorReply } from './errors.ts';
import type { Host, TimerId } from './host.ts';
import {
  type Command,
  isRead,
  type ReadCommand,
  type Reply,
  type WriteCommand,
} from './kv/command.ts';
import { encodeCommand } from './kv/command-codec.ts';
import {
  type AdminReplyTo,
  administerAlone,
  changeOf,
  describeLeader,
  describeRejection,
  PendingAdmin,
} from './node-admin.ts';
import { describeNode } from './node-info.ts';
import type { NodeOptions } from './node-options.ts';
import { type RecoveredNode, recoverNode } from './node-recovery.ts';
import { PendingProposals, type ReplyTo } from './pending-proposals.ts';
import { type PendingRead, PendingReads } from './pending-reads.ts';
import { ProposalQueue, type QueuedProposal } from './proposal-queue.ts';
import type { Entry, NodeId, SnapshotMeta } from './raft/entry.ts';
import type { Message } from './raft/message.ts';
import type { Rejection } from './raft/ready.ts';
import { RaftDriver } from './raft-driver.ts';
import type { AdminCommand, NodeInfo, ServerNode } from './server-node.ts';

export type { NodeOptions } from './node-options.ts';

/**
 * Recovers from the disk and starts to take part. Recovery is synchronous up to the repair of a
 * torn tail; until that is durable, commands are refused (NOLEADER) and messages dropped.
 * Throws DiskError, IdentityError, SnapshotCorruptionError, WalCorruptionError.
 */
export function startNode(host: Host, options: NodeOptions): ServerNode {
  let fail: (error: Error) => void = options.onFatal;
  const node = new Node(
    host,
    options,
    recoverNode(host, { ...options, failed: (error) => fail(error) }),
  );
  fail = (error) => node.fail(error);
  return node;
}

// What may wait here at once; more is turned away with OVERLOADED, which is definite.
const readCountMax = 65_536;
const adminCountMax = 64;
const dropUnusedTicks = 50;

class Node implements ServerNode {
  readonly #host: Host;
  readonly #options: NodeOptions;
  readonly #driver: RaftDriver;
  readonly #proposals = new PendingProposals();
  readonly #reads = new PendingReads();
  readonly #admin = new PendingAdmin();
  /** What came in this turn: it goes to the core together, at the turn's end. */
  readonly #queuedProposals = new ProposalQueue();
  #queuedReads: PendingRead[] = [];
  #nextId = 1;
  #phase: 'repairing' | 'running' | 'stopping' | 'stopped' | 'ended' = 'repairing';
  #tickTimer: TimerId | null = null;
  #tickCount = 0;
  #flushScheduled = false;
  /** Ticks since this server ceased to lead in the term that its oldest proposal is of. */
  #lostTicks = 0;
  #stopTicks = 0;
  #stopped: (() => void) | null = null;

  constructor(host: Host, options: NodeOptions, recovered: RecoveredNode) {
    this.#host = host;
    this.#options = options;
    this.#driver = new RaftDriver(
      host,
      { options, recovered },
      {
        accepted: (id, entry) => {
          if (this.#admin.has(id)) this.#admin.accept(id, entry);
          else this.#proposals.accept(id, entry);
        },
        rejected: (id, reason) => this.#rejected(id, reason),
        readConfirmed: (id, readIndex) => this.#reads.confirm(id, readIndex),
        readRejected: (id) => this.#reads.take(id)?.reply(this.#refusal()),
        transferEnded: (id, end) => this.#admin.transferEnded(id, end),
        applied: (entry, answer) => this.#applied(entry, answer),
        progressed: () => this.#serveReads(),
        installed: (snapshot) => this.#installed(snapshot),
        writeWaits: () => this.#scheduleFlush(),
        drained: () => this.#maybeFinishStop(),
        failed: (error) => {
          this.#end();
          options.onFatal(error);
        },
      },
    );
    host.network.onMessage((from, message) => this.#receive(from, message));
    recovered.repair((error) => this.#driver.guard(() => this.#repaired(error)));
  }

  execute(command: Command, reply: (reply: Reply) => void): void {
    if (this.#phase === 'ended') return;
    if (this.#phase !== 'running') reply(this.#refusal());
    else if (isRead(command)) this.#executeRead({ command, reply });
    else this.#executeWrite(command, reply);
  }

  readStale(command: ReadCommand): Reply {
    return this.#driver.applier.stateMachine.read(command);
  }

  administer(command: AdminCommand, reply: AdminReplyTo): void {
    if (this.#phase === 'ended') return;
    if (this.#phase !== 'running') reply(this.#refusal());
    else if (this.#admin.count >= adminCountMax) {
      reply(createErrorReply('OVERLOADED', 'too many changes wait'));
    } else this.#driver.guard(() => this.#administer(command, reply));
  }

  info(): NodeInfo {
    const { raft, applier } = this.#driver;
    const status = raft.status();
    return describeNode({
      status,
      clusterId: this.#options.clusterId,
      leaderClientAddress: this.#clientAddressOf(status.leaderId),
      stateMachine: applier.stateMachine,
      waitingWrites: this.#proposals.count + this.#queuedProposals.count,
      waitingReads: this.#reads.count + this.#queuedReads.length,
      serving: this.#phase === 'running',
      counters: this.#driver.allCounters(),
    });
  }

  /** The disk failed behind the driver's back. */
  fail(error: Error): void {
    this.#driver.fail(error);
  }

  stop(done: () => void): void {
    this.#stopped = done;
    if (this.#phase === 'running') {
      this.#phase = 'stopping';
      this.#driver.guard(() => this.#beginStop());
    }
    this.#host.timers.after(0, () => this.#maybeFinishStop());
  }

  #repaired(error: Error | null): void {
    if (error !== null) {
      this.#driver.fail(error);
      return;
    }
    if (this.#phase !== 'repairing') return;
    if (this.#stopped !== null) {
      this.#finishStop();
      return;
    }
    this.#phase = 'running';
    this.#driver.join();
    this.#armTick();
  }

  #armTick(): void {
    this.#tickTimer = this.#host.timers.after(this.#options.tickMs, () => {
      if (this.#phase === 'ended') return;
      this.#armTick();
      this.#driver.guard(() => this.#tick());
    });
  }

  #tick(): void {
    this.#driver.step({ type: 'tick' });
    this.#maybeAbandonProposals();
    this.#tickCount += 1;
    if (this.#tickCount % dropUnusedTicks === 0) this.#driver.dropUnused();
    if (this.#phase !== 'stopping') return;
    this.#stopTicks += 1;
    this.#maybeFinishStop();
  }

  #receive(from: NodeId, message: Message): void {
    if (this.#phase !== 'running' && this.#phase !== 'stopping') return;
    this.#driver.counters.messagesReceived += 1;
    this.#driver.guard(() => this.#driver.step({ type: 'message', from, message }));
  }

  #executeRead(read: PendingRead): void {
    if (this.#reads.count + this.#queuedReads.length >= readCountMax) {
      this.#driver.counters.overloads += 1;
      read.reply(createErrorReply('OVERLOADED', 'too many reads wait'));
      return;
    }
    this.#queuedReads.push(read);
    this.#scheduleFlush();
  }

  #executeWrite(command: WriteCommand, reply: ReplyTo): void {
    if (this.#queuedProposals.add(encodeCommand(command), reply)) this.#scheduleFlush();
    else {
      this.#driver.counters.overloads += 1;
      reply(createErrorReply('OVERLOADED', 'too many writes wait'));
    }
  }

  #administer(command: AdminCommand, reply: AdminReplyTo): void {
    switch (command.type) {
      case 'hash':
      case 'snapshot':
      case 'crashAt':
        administerAlone(this.#host, this.#driver, { command, reply });
        return;
      case 'transfer': {
        const id = this.#offerAdmin(reply);
        this.#driver.step({ type: 'transfer', id, to: command.to });
        return;
      }
      default: {
        const { role, configuration } = this.#driver.raft.status();
        const change = changeOf(command, configuration.configuration);
        if (role !== 'leader') reply(this.#refusal());
        else if ('type' in change) reply(change);
        else {
          const id = this.#offerAdmin(reply);
          this.#driver.step({ type: 'changeConfiguration', id, ...change });
        }
      }
    }
  }

  #offerAdmin(reply: AdminReplyTo): number {
    const id = this.#nextId++;
    this.#admin.offer(id, reply);
    return id;
  }

  /** At the end of this turn: what else comes in it shares one message, one append, one round. */
  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#host.timers.after(0, () => {
      this.#flushScheduled = false;
      if (this.#phase === 'running' || this.#phase === 'stopping') {
        this.#driver.guard(() => this.#flush());
      }
    });
  }

  #flush(): void {
    while (this.#queuedProposals.count > 0) this.#propose(this.#queuedProposals.takeBatch());
    if (this.#queuedReads.length > 0) {
      const ids: number[] = [];
      for (const read of this.#queuedReads) {
        const id = this.#nextId++;
        this.#reads.ask(id, read);
        ids.push(id);
      }
      this.#queuedReads = [];
      this.#driver.step({ type: 'read', ids });
    }
    this.#driver.flush();
  }

  #propose(queued: readonly QueuedProposal[]): void {
    const proposals = queued.map(({ data, reply }) => {
      const id = this.#nextId++;
      this.#proposals.offer(id, reply);
      return { id, data };
    });
    this.#driver.counters.writesAccepted += proposals.length;
    this.#driver.step({ type: 'propose', proposals });
  }

  #rejected(id: number, reason: Rejection): void {
    if (this.#admin.has(id)) {
      this.#admin.reject(
        id,
        describeRejection(reason, () => this.#refusal()),
      );
      return;
    }
    this.#driver.counters.writesAccepted -= 1;
    const full = reason === 'overloaded';
    if (full) this.#driver.counters.overloads += 1;
    const overloaded = createErrorReply('OVERLOADED', 'too much waits to be committed');
    this.#proposals.reject(id, full ? overloaded : this.#refusal());
  }

  #applied(entry: Entry, answer: Reply | null): void {
    const refusal = (): ErrorReply => this.#refusal();
    this.#proposals.applied(entry, answer, refusal);
    this.#admin.applied(entry, refusal);
  }

  #serveReads(): void {
    const { applier, counters } = this.#driver;
    if (applier.installing) return;
    for (const { command, reply } of this.#reads.takeReady(applier.appliedIndex)) {
      this.#host.crashPoints.reach('raft.before-read-reply');
      counters.readsServed += 1;
      reply(applier.stateMachine.read(command));
    }
    if (this.#phase === 'stopping') this.#maybeFinishStop();
  }

  /** Entries that this node waits for may be in the snapshot, or may not: nothing tells. */
  #installed(snapshot: SnapshotMeta): void {
    const uncertain = createErrorReply('UNCERTAIN', 'a snapshot has taken the place of the log');
    const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
    this.#proposals.installed({ index, term }, uncertain);
    this.#admin.abandonChanges(uncertain);
  }

  /** Definite: whoever gets it knows that the command did not happen here. */
  #refusal(): ErrorReply {
    const { leaderId } = this.#driver.raft.status();
    const address = this.#clientAddressOf(leaderId);
    const known = this.#phase === 'running' && leaderId !== this.#options.id;
    return describeLeader(known ? leaderId : null, address);
  }

  #clientAddressOf(id: NodeId | null): string | null {
    if (id === null) return null;
    const { addresses } = this.#driver.raft.status().configuration.configuration;
    return this.#options.clientAddresses.get(id) ?? (addresses[id]?.client || null);
  }

  /**
   * A proposal of a term that this server no longer leads in is settled when something is applied
   * at or behind it. That mostly comes soon and gives a definite answer; it is not waited for long.
   */
  #maybeAbandonProposals(): void {
    const { oldestTerm } = this.#proposals;
    const waits = oldestTerm !== null || this.#admin.hasChanges;
    const { role, currentTerm } = this.#driver.raft.status();
    if (!waits || (role === 'leader' && (oldestTerm ?? currentTerm) === currentTerm)) {
      this.#lostTicks = 0;
      return;
    }
    this.#lostTicks += 1;
    if (this.#lostTicks < 2 * this.#options.electionTicks) return;
    this.#lostTicks = 0;
    const text = 'leadership was lost after the command was proposed';
    const uncertain = createErrorReply('UNCERTAIN', text);
    this.#proposals.abandonBelow(role === 'leader' ? currentTerm : Infinity, uncertain);
    if (role !== 'leader') this.#admin.abandonChanges(uncertain);
  }

  /** No new work; a leader hands over, so that the others need not wait for a timeout. */
  #beginStop(): void {
    const refusal = createErrorReply('NOLEADER', 'this node stops');
    for (const { reply } of this.#queuedProposals.takeAll()) reply(refusal);
    for (const { reply } of [...this.#queuedReads, ...this.#reads.takeAll()]) reply(refusal);
    this.#queuedReads = [];
    this.#driver.snapshots.stop();
    const id = this.#offerAdmin(() => undefined);
    this.#driver.step({ type: 'transfer', id, to: null });
  }

  /** The transfer is over, and what was proposed is settled or has had its time. */
  #maybeFinishStop(): void {
    if (this.#stopped === null || this.#phase === 'repairing') return;
    if (this.#phase === 'stopping' && this.#stopTicks < 2 * this.#options.electionTicks) {
      const { transferringTo } = this.#driver.raft.status();
      if (transferringTo !== null || this.#proposals.count > 0) return;
    }
    this.#finishStop();
  }

  #finishStop(): void {
    const text = 'this node stopped after the command was proposed';
    const uncertain = createErrorReply('UNCERTAIN', text);
    this.#proposals.abandonBelow(Infinity, uncertain);
    this.#admin.abandonAll(uncertain);
    this.#driver.flush();
    if (this.#phase !== 'ended' && !this.#driver.drained) return;
    const done = this.#stopped;
    this.#stopped = null;
    this.#end();
    this.#phase = 'stopped';
    done?.();
  }

  #end(): void {
    this.#phase = 'ended';
    this.#driver.end();
    if (this.#tickTimer !== null) this.#host.timers.cancel(this.#tickTimer);
  }
}
