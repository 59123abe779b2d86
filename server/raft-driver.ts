/**
 * Performs the core's Readys on a Host, each part in its order: what depends on a write leaves only
 * when the write is durable, committed entries are applied in order.
 *
 * It knows no client: who waits for what is node.ts's business, which hears of everything by
 * events.
 */
import { Applier } from './applier.ts';
import type { Host } from './host.ts';
import type { Reply } from './kv/command.ts';
import { createCounters, type MutableCounters } from './node-info.ts';
import type { NodeOptions } from './node-options.ts';
import { lastIncluded, type RecoveredNode } from './node-recovery.ts';
import { NodeSnapshots } from './node-snapshots.ts';
import { NodeTrace } from './node-trace.ts';
import { isJoint, membersOf, parseConfiguration } from './raft/configuration.ts';
import type { ConfigurationAt, Entry, EntryId, NodeId, SnapshotMeta } from './raft/entry.ts';
import type { Envelope, Message } from './raft/message.ts';
import { createRaft, type Raft } from './raft/raft.ts';
import type { Input, Ready, Rejection, TransferEnd } from './raft/ready.ts';
import type { NodeCounters } from './server-node.ts';
import { WriteQueue } from './storage/write-queue.ts';

/** Nodes that trace tell the hash of their state at these indexes, so that others can compare. */
const hashEvery = 16;

export interface RaftDriverEvents {
  accepted(id: number, entry: EntryId): void;
  rejected(id: number, reason: Rejection): void;
  readConfirmed(id: number, readIndex: number): void;
  readRejected(id: number): void;
  transferEnded(id: number, end: TransferEnd): void;
  /** `answer` is null for an entry that is no command. */
  applied(entry: Entry, answer: Reply | null): void;
  /** The applied index has grown. */
  progressed(): void;
  /** The state is that of a leader's snapshot now; entries up to it were not told of. */
  installed(snapshot: SnapshotMeta): void;
  /** A write is to be begun at the end of this turn. */
  writeWaits(): void;
  /** No write waits or runs any more. */
  drained(): void;
  /** The node can not go on. Called at most once. */
  failed(error: Error): void;
}

export class RaftDriver {
  readonly counters: MutableCounters = createCounters();
  readonly raft: Raft;
  readonly applier: Applier;
  readonly snapshots: NodeSnapshots;
  readonly #host: Host;
  readonly #options: NodeOptions;
  readonly #recovered: RecoveredNode;
  readonly #events: RaftDriverEvents;
  readonly #writeQueue: WriteQueue;
  readonly #trace: NodeTrace | null;
  #ended = false;
  /** The write that makes an installed snapshot the current one. */
  #installing: { readonly writeId: number; readonly snapshot: SnapshotMeta } | null = null;
  /** Of those that were last told to the network. */
  #addresses: ReadonlyMap<NodeId, string> = new Map();
  /** Of the newest configuration that is applied, and is no joint one. */
  #members: readonly NodeId[] = [];

  constructor(
    host: Host,
    { options, recovered }: { readonly options: NodeOptions; readonly recovered: RecoveredNode },
    events: RaftDriverEvents,
  ) {
    this.#host = host;
    this.#options = options;
    this.#recovered = recovered;
    this.#events = events;
    const { snapshots, stateMachine, wal } = recovered;
    this.raft = createRaft(
      {
        ...{ id: options.id, trailingEntryCount: options.trailingEntries, ...options.sizes?.raft },
        initialConfiguration: recovered.identity.initialConfiguration,
        electionTimeoutTicks: options.electionTicks,
        heartbeatTimeoutTicks: options.heartbeatTicks,
        random: () => host.random.next(),
      },
      recovered.raft,
    );
    const failed = (error: Error): void => this.fail(error);
    this.#writeQueue = new WriteQueue(
      wal,
      snapshots,
      {
        written: (writeId) => this.guard(() => this.#written(writeId)),
        release: (messages) => this.guard(() => this.#release(messages)),
        drained: () => events.drained(),
        failed,
      },
      host.crashPoints,
    );
    this.applier = new Applier(
      host,
      { snapshots, stateMachine },
      {
        applied: (entry, answer) => this.#applied(entry, answer),
        progressed: () => this.guard(() => this.#progressed()),
        installed: (snapshot) => this.guard(() => this.#installed(snapshot)),
        failed,
      },
    );
    this.snapshots = new NodeSnapshots(
      host,
      { id: options.id, store: snapshots, chunkBytes: options.sizes?.chunkBytes },
      {
        step: (input) => this.guard(() => this.step(input)),
        taken: (snapshot) => this.guard(() => this.#taken(snapshot)),
        failed,
      },
    );
    this.#trace = host.trace === null ? null : new NodeTrace(host.trace, this.raft.status());
    this.#logRecovered();
  }

  /** What was recovered is durable: peers may be spoken to. */
  join(): void {
    const { identity } = this.#recovered;
    this.#host.network.join(identity.policy);
    this.#tellPeers();
  }

  step(input: Input): void {
    const ready = this.raft.step(input);
    this.#trace?.ready(ready, this.raft.status());
    if (this.#options.checkDeeply) this.raft.checkDeeply();
    this.#perform(ready);
  }

  /** Begins a write of what waits, unless one runs. */
  flush(): void {
    this.#writeQueue.flush();
  }

  get drained(): boolean {
    return this.#writeQueue.empty;
  }

  /**
   * Who joins may have applied entries before the first configuration: a snapshot of that state
   * would tell whoever gets it that nobody votes.
   */
  get knowsMembers(): boolean {
    const { configuration } = this.raft.snapshotMetaAt(this.applier.appliedIndex).configuration;
    return configuration.voters.length > 0;
  }

  /** Takes a snapshot of the state as it is. */
  takeSnapshot(): void {
    const { appliedIndex, stateMachine } = this.applier;
    const source = stateMachine.beginSnapshot(this.#options.sizes?.pieceItems);
    this.snapshots.take(this.raft.snapshotMetaAt(appliedIndex), source);
  }

  hash(): { readonly appliedIndex: number; readonly hash: string } {
    const { appliedIndex, stateMachine } = this.applier;
    const hash = stateMachine.hash();
    this.#trace?.hash(appliedIndex, hash);
    return { appliedIndex, hash };
  }

  allCounters(): NodeCounters {
    const { fsyncs, bytesWritten } = this.#recovered.wal.counters;
    return { ...this.counters, fsyncs, bytesWritten, snapshotsTaken: this.snapshots.takenCount };
  }

  /** Files that nobody reads any more go, and links to nobody. To be called once a second or so. */
  dropUnused(): void {
    this.#recovered.snapshots.dropUnused();
    this.#tellPeers();
  }

  /** Whatever goes wrong inside ends the node: what it would do next could not be trusted. */
  guard(action: () => void): void {
    if (this.#ended) return;
    try {
      action();
    } catch (error) {
      this.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  fail(error: Error): void {
    if (this.#ended) return;
    this.end();
    this.#host.log.event('fatal', 'failed', { error: error.message, name: error.name });
    this.#events.failed(error);
  }

  /** Nothing is performed or told any more. */
  end(): void {
    this.#ended = true;
    this.snapshots.stop();
    this.applier.stop();
  }

  /** The order matters: see the comment of each field of Ready. */
  #perform(ready: Ready): void {
    const { write } = ready;
    this.#reachMembership(ready);
    if (ready.statusChanged) this.#tellStatus();
    if (ready.configurationChanged) this.#tellPeers();
    for (const { id, entry } of ready.accepted) this.#events.accepted(id, entry);
    for (const { id, reason } of ready.rejected) this.#events.rejected(id, reason);
    this.#send(ready.messages);
    if (write !== null || ready.messagesAfterWrite.length > 0) {
      if (write !== null && write.snapshot !== null) {
        this.#installing = { writeId: write.id, snapshot: write.snapshot };
      }
      this.#writeQueue.push(ready);
      this.#events.writeWaits();
    }
    if (ready.installed !== null) this.#install(ready.installed);
    this.applier.push(ready.committed);
    for (const { id, end } of ready.transfers) this.#events.transferEnded(id, end);
    for (const { id } of ready.rejectedReads) this.#events.readRejected(id);
    for (const { id, readIndex } of ready.reads) this.#events.readConfirmed(id, readIndex);
    for (const request of ready.chunkRequests) this.snapshots.sendChunk(request);
    for (const { from, message } of ready.chunks) this.snapshots.receiveChunk(from, message);
    if (ready.reads.length > 0) this.#events.progressed();
  }

  #install(snapshot: SnapshotMeta): void {
    this.#host.log.event('info', 'snapshot installs', { ...lastIncluded(snapshot) });
    this.counters.snapshotsInstalled += 1;
    this.applier.install(snapshot);
  }

  #installed(snapshot: SnapshotMeta): void {
    this.#forgetRemoved(snapshot.configuration);
    this.#events.installed(snapshot);
  }

  #written(writeId: number): void {
    this.#trace?.written(writeId);
    this.step({ type: 'written', writeId });
    if (this.#installing === null || writeId < this.#installing.writeId) return;
    const { snapshot } = this.#installing;
    this.#installing = null;
    this.#compactWal(snapshot.lastIncludedIndex);
  }

  #taken(snapshot: SnapshotMeta): void {
    const { snapshotIndex, firstLogIndex } = this.raft.status();
    const { index, term } = lastIncluded(snapshot);
    this.#trace?.snapshot(index, term);
    this.#host.log.event('info', 'snapshot taken', { index, term, firstLogIndex });
    // Unless a leader's snapshot has overtaken it, whose place on disk is not yet certain.
    if (snapshotIndex === index) this.#compactWal(firstLogIndex - 1);
  }

  #compactWal(index: number): void {
    this.#recovered.wal.compactTo(index, (error) => {
      if (error !== null) this.fail(error);
    });
  }

  #applied(entry: Entry, answer: Reply | null): void {
    this.counters.entriesApplied += 1;
    this.snapshots.noteApplied(entry.data.length);
    this.#trace?.applied(entry);
    if (this.#trace !== null && entry.index % hashEvery === 0) this.hash();
    if (entry.kind === 'configuration') this.#configurationApplied(entry);
    this.#events.applied(entry, answer);
    this.#host.crashPoints.reach('raft.after-reply');
  }

  /** Who was removed may come back with another directory: it is known no more. */
  #configurationApplied(entry: Entry): void {
    const configuration = parseConfiguration(entry.data);
    if (isJoint(configuration)) return;
    this.#host.crashPoints.reach('membership.new-committed');
    this.#forgetRemoved({ index: entry.index, configuration });
    this.#host.log.event('info', 'configuration', { index: entry.index, ...configuration });
  }

  /**
   * A committed configuration has taken the place of the one before. Who comes in is not forgotten,
   * unless it was removed before: who was met under its name since may be the removed server.
   */
  #forgetRemoved({ index, configuration }: ConfigurationAt): void {
    const { identity } = this.#recovered;
    const members = membersOf(configuration);
    const removed = this.#members.filter((id) => !members.includes(id));
    for (const id of removed) identity.forget(id, index);
    const added = members.filter((id) => !this.#members.includes(id));
    const readmitted = added.filter((id) => identity.readmit(id, index));
    for (const id of [...removed, ...readmitted]) {
      // Who was met under this name meanwhile (it was added again, and this node learns late of its
      // removal) must be remembered anew: a link that stands is never asked again. What is on its
      // way to it leaves first.
      this.#host.timers.after(0, () => this.guard(() => this.#host.network.meetAgain(id)));
    }
    this.#members = members;
  }

  #progressed(): void {
    const { snapshotEntries, snapshotBytes } = this.#options;
    const { appliedIndex, installing } = this.applier;
    const entryCount =
      appliedIndex - (this.#recovered.snapshots.current?.meta.lastIncludedIndex ?? 0);
    const due = !installing && this.snapshots.isDue(entryCount, snapshotEntries, snapshotBytes);
    if (due && this.knowsMembers) this.takeSnapshot();
    this.#events.progressed();
  }

  #release(messages: readonly Envelope[]): void {
    this.#host.crashPoints.reach('raft.before-send-after-write');
    this.#sendEach(messages);
    this.#host.crashPoints.reach('raft.after-send-after-write');
  }

  #send(messages: readonly Envelope[]): void {
    if (messages.length === 0) return;
    this.#host.crashPoints.reach('raft.before-send');
    this.#sendEach(messages);
  }

  #sendEach(messages: readonly Envelope[]): void {
    this.counters.messagesSent += messages.length;
    for (const { to, message } of messages) {
      if (message.type === 'timeoutNow') this.#sendTimeoutNow(to, message);
      else this.#host.network.send(to, message);
    }
  }

  #sendTimeoutNow(to: NodeId, message: Message): void {
    this.#host.crashPoints.reach('transfer.before-timeout-now');
    this.#host.network.send(to, message);
    this.#host.crashPoints.reach('transfer.after-timeout-now');
  }

  /** Before anything of this Ready leaves or is written. */
  #reachMembership({ write, committed }: Ready): void {
    const appended = write?.entries.some(isJointEntry) ?? false;
    if (!appended && !committed.some(isJointEntry)) return;
    if (this.raft.status().role !== 'leader') return;
    if (appended) this.#host.crashPoints.reach('membership.after-append-joint');
    else this.#host.crashPoints.reach('membership.joint-committed');
  }

  #tellStatus(): void {
    const { role, currentTerm: term, leaderId, lastLogIndex, commitIndex } = this.raft.status();
    if (role === 'leader') this.#host.crashPoints.reach('raft.after-become-leader');
    if (role === 'candidate') this.counters.elections += 1;
    if (leaderId !== null) this.counters.leaderChanges += 1;
    this.#host.log.event('info', 'status', { role, term, leaderId, lastLogIndex, commitIndex });
  }

  /**
   * Where the other members are; a node without a configuration knows them by its flags alone. A
   * leader keeps its link to who leaves, until that is committed and told.
   */
  #tellPeers(): void {
    const { configuration, followers } = this.raft.status();
    const { addresses } = configuration.configuration;
    const members = membersOf(configuration.configuration);
    if (members.length === 0) return;
    const others = new Set([...members, ...followers.map(({ id }) => id)]);
    others.delete(this.#options.id);
    const addressOf = (id: NodeId): string => addresses[id]?.peer ?? this.#addresses.get(id) ?? '';
    this.#addresses = new Map([...others].map((id) => [id, addressOf(id)]));
    this.#host.network.setPeers(this.#addresses);
  }

  /** What the flags say counts at the first start only, and is easily forgotten at that. */
  #warnOfMembers(): void {
    const told = [...this.#options.initialConfiguration.voters].sort().join(',');
    const { configuration } = this.raft.status().configuration;
    const voters = [...configuration.voters].sort().join(',');
    if (told !== '' && told !== voters) {
      const why = 'the log and the first start decide who the members are, the flags name others';
      this.#host.log.event('warn', 'members', { told, voters, why });
    } else if (voters === this.#options.id) {
      const why = 'a cluster of one: no --peer was given; --join would wait to be added to one';
      this.#host.log.event('warn', 'members', { voters, why });
    }
  }

  #logRecovered(): void {
    const { currentTerm: term, votedFor, lastLogIndex, snapshotIndex } = this.raft.status();
    const { tornBytes } = this.#recovered;
    const facts = { term, votedFor, lastLogIndex, snapshotIndex, tornBytes };
    this.#host.log.event('info', 'recovered', facts);
    this.#warnOfMembers();
    // What is behind it is applied once more, each configuration after the one before it.
    const { configuration } = this.raft.snapshotMetaAt(this.applier.appliedIndex).configuration;
    this.#members = membersOf(configuration);
  }
}

function isJointEntry(entry: Entry): boolean {
  return entry.kind === 'configuration' && isJoint(parseConfiguration(entry.data));
}
