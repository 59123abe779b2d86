/**
 * A few cores on a made-up network and disks, driven by a seed: for the tests of this folder.
 *
 * It is their driver too, with a state that is the list of applied entries. Writes, snapshots and
 * chunks complete late; a crash loses what was not written. The oracle looks at every step.
 */
import { configurationOf } from './configuration.ts';
import type { Configuration, ConfigurationAt, NodeId } from './entry.ts';
import type { Envelope } from './message.ts';
import { createRaft, type Raft, type RaftOptions } from './raft.ts';
import type { ChunkRequest, ConfigurationChange, Input, Ready, Write } from './ready.ts';
import {
  appliedIn,
  createSnapshotFile,
  type SnapshotFile,
  TestDisk,
  TestLog,
} from './test-disk.ts';
import { Marks } from './test-marks.ts';
import { type NetworkFaults, type Packet, TestNetwork } from './test-network.ts';
import { ClusterOracle, nameOf } from './test-oracle.ts';
import { Dice } from './test-random.ts';

export interface ClusterOptions extends NetworkFaults {
  readonly nodeCount: number;
  /** So many of them vote at first; the others join. */
  readonly voterCount: number;
  readonly chunkBytes: number;
  readonly raft: Partial<RaftOptions>;
}

/** One run of a server: a restart makes a new one on the old disk. */
export interface Incarnation {
  readonly raft: Raft;
  /** As the core has it: what is on disk and what is on its way; never compacted. */
  readonly log: TestLog;
  /** The state: names of the entries that were applied. */
  applied: string[];
  inFlight: Write[];
  /** Messages that wait for the write with this id. */
  held: { readonly afterWriteId: number; readonly envelope: Envelope }[];
  lastWriteId: number;
  writtenId: number;
  /** Before the step at hand. */
  configuration: ConfigurationAt;
  /** The own snapshot that is being written. */
  ownSnapshot: SnapshotFile | null;
  chunks: Ready['chunks'][number][];
  chunkRequests: ChunkRequest[];
}

export interface TestNode {
  readonly id: NodeId;
  readonly initialConfiguration: Configuration;
  readonly disk: TestDisk;
  running: Incarnation | null;
}

/** What is dropped when more waits; the core asks again. */
const chunkQueueMax = 8;

export class TestCluster {
  readonly nodes: readonly TestNode[];
  readonly network: TestNetwork;
  readonly oracle: ClusterOracle;
  readonly marks: Marks = new Marks();
  readonly #dice: Dice;
  readonly #options: ClusterOptions;
  #nextId = 1;

  constructor(random: () => number, options: ClusterOptions) {
    this.#dice = new Dice(random);
    this.#options = options;
    const ids = Array.from({ length: options.nodeCount }, (_, position) => `n${position + 1}`);
    const voters = ids.slice(0, options.voterCount);
    this.nodes = ids.map((id) => ({
      id,
      initialConfiguration: configurationOf(voters.includes(id) ? voters : []),
      disk: new TestDisk(),
      running: null,
    }));
    this.network = new TestNetwork(this.#dice, options);
    this.oracle = new ClusterOracle(this.nodes, configurationOf(voters), this.marks);
    for (const node of this.nodes) this.restart(node);
  }

  leaders(): readonly TestNode[] {
    const leaders = this.nodes.filter((node) => roleOf(node) === 'leader');
    return leaders.sort((a, b) => termOf(b) - termOf(a));
  }

  tick(node: TestNode): void {
    this.#step(node, { type: 'tick' });
  }

  propose(node: TestNode, count: number): void {
    const proposals = Array.from({ length: count }, () => {
      const id = this.#newId();
      return { id, data: new TextEncoder().encode(`${node.id}#${id}`) };
    });
    this.#step(node, { type: 'propose', proposals });
  }

  read(node: TestNode): void {
    if (node.running === null) return;
    const id = this.#newId();
    this.oracle.readAsked(node, id);
    this.#step(node, { type: 'read', ids: [id] });
  }

  change(node: TestNode, change: Omit<ConfigurationChange, 'id' | 'addresses'>): void {
    const id = this.#newId();
    this.#step(node, { type: 'changeConfiguration', id, addresses: {}, ...change });
  }

  transfer(node: TestNode, to: NodeId | null): void {
    if (node.running === null) return;
    const id = this.#newId();
    this.oracle.transferAsked(node, id);
    this.#step(node, { type: 'transfer', id, to });
  }

  /** The state as it is now begins to be written. */
  beginSnapshot({ running }: TestNode): void {
    if (running === null || running.ownSnapshot !== null) return;
    const index = running.applied.length;
    if (index <= running.raft.status().snapshotIndex) return;
    const meta = running.raft.snapshotMetaAt(index);
    // Who has joined does not know who was in the cluster before.
    if (meta.configuration.configuration.voters.length === 0) return;
    running.ownSnapshot = createSnapshotFile(meta, running.applied);
  }

  /** One of the things that a node's disk has to do is done. */
  completeOne(node: TestNode): void {
    const acts = [this.#completeWrite, this.#completeSnapshot, this.#storeChunk, this.#readChunk];
    for (const act of this.#dice.shuffled(acts)) if (act.call(this, node)) return;
  }

  deliverOne(): void {
    for (const packet of this.network.takeOne()) this.#deliver(packet);
  }

  /** A unit of time in which all that can happen happens. */
  stepAll(): void {
    for (const node of this.nodes) this.tick(node);
    this.settle();
  }

  settle(): void {
    for (let round = 0; round < 1000; round += 1) {
      const packets = this.network.takeAll();
      for (const packet of packets) this.#deliver(packet);
      let busy = packets.length > 0;
      for (const node of this.nodes) while (this.#completeAny(node)) busy = true;
      if (!busy) return;
    }
    throw new Error('the cluster does not come to rest');
  }

  restart(node: TestNode): void {
    const { disk, initialConfiguration } = node;
    const recovered = disk.recover(this.#dice);
    const raft = createRaft(
      {
        id: node.id,
        initialConfiguration,
        electionTimeoutTicks: 5,
        heartbeatTimeoutTicks: 2,
        random: this.#dice.random,
        ...this.#options.raft,
      },
      recovered,
    );
    node.running = {
      raft,
      log: new TestLog(recovered.base, recovered.entries),
      applied: disk.snapshot === null ? [] : appliedIn(disk.snapshot),
      inFlight: [],
      held: [],
      lastWriteId: 0,
      writtenId: 0,
      configuration: raft.status().configuration,
      ownSnapshot: null,
      chunks: [],
      chunkRequests: [],
    };
    this.oracle.checkStart(node, node.running, recovered);
  }

  /** What was being written may have reached the disk, in order and up to any point. */
  crash(node: TestNode): void {
    const { running, disk } = node;
    if (running === null) return;
    const survivorCount = this.#dice.below(running.inFlight.length + 1);
    for (const write of running.inFlight.slice(0, survivorCount)) this.#persist(node, write);
    const next = running.inFlight[survivorCount];
    if (next?.snapshot && this.#dice.chance(0.7)) {
      disk.install(next.snapshot.lastIncludedIndex);
      this.marks.add('crash between installation and log');
    }
    // Durable before the log that it holds, or before anybody was told.
    if (running.ownSnapshot !== null && this.#dice.chance(0.5)) disk.adopt(running.ownSnapshot);
    const [chunk] = running.chunks;
    if (chunk !== undefined && this.#dice.chance(0.5)) disk.receive(chunk.message);
    if (disk.partialBytes > 0) this.marks.add('crash with a part of a snapshot');
    node.running = null;
    this.oracle.crashed(node);
  }

  #newId(): number {
    return this.#nextId++;
  }

  #step(node: TestNode, input: Input): void {
    const { running } = node;
    if (running === null) return;
    running.configuration = running.raft.status().configuration;
    const ready = running.raft.step(input);
    this.#perform(node, running, ready);
    this.oracle.checkStep(node, { running, input, ready });
    if (ready.configurationChanged || ready.installed !== null) running.raft.checkDeeply();
  }

  #perform(node: TestNode, running: Incarnation, ready: Ready): void {
    const { write, installed } = ready;
    if (write !== null) {
      running.log.take(write);
      running.inFlight.push(write);
      running.lastWriteId = write.id;
    }
    for (const envelope of ready.messages) this.#send(node, envelope);
    for (const envelope of ready.messagesAfterWrite) {
      running.held.push({ afterWriteId: running.lastWriteId, envelope });
    }
    this.#releaseHeld(node, running);
    if (installed !== null) {
      running.applied = appliedIn(node.disk.receivedOf(installed.lastIncludedIndex));
    }
    this.oracle.checkCommitted(node, running, ready);
    for (const entry of ready.committed) running.applied.push(nameOf(entry));
    for (const chunk of ready.chunks) {
      if (running.chunks.length < chunkQueueMax) running.chunks.push(chunk);
    }
    for (const request of ready.chunkRequests) {
      const others = running.chunkRequests.filter(({ to }) => to !== request.to);
      running.chunkRequests = [...others, request];
    }
  }

  #completeAny(node: TestNode): boolean {
    return (
      this.#completeWrite(node) ||
      this.#completeSnapshot(node) ||
      this.#storeChunk(node) ||
      this.#readChunk(node)
    );
  }

  #completeWrite(node: TestNode): boolean {
    const write = node.running?.inFlight.shift();
    if (node.running === null || write === undefined) return false;
    this.#persist(node, write);
    node.running.writtenId = write.id;
    this.#releaseHeld(node, node.running);
    this.#step(node, { type: 'written', writeId: write.id });
    return true;
  }

  #persist(node: TestNode, write: Write): void {
    const removed = node.disk.write(write);
    this.oracle.persisted(node, write, removed);
  }

  #completeSnapshot(node: TestNode): boolean {
    const { running, disk } = node;
    if (running === null || running.ownSnapshot === null) return false;
    const { meta } = running.ownSnapshot;
    disk.adopt(running.ownSnapshot);
    running.ownSnapshot = null;
    this.#step(node, { type: 'snapshotTaken', snapshot: meta });
    disk.compactIndex = running.raft.status().firstLogIndex - 1;
    if (this.#dice.chance(0.2)) disk.superseded = [];
    return true;
  }

  #storeChunk(node: TestNode): boolean {
    const { running, disk } = node;
    const chunk = running?.chunks.shift();
    if (running === null || chunk === undefined) return false;
    const { from, message } = chunk;
    const { lastIncludedIndex, replicationId } = message;
    const { nextOffset, complete } = disk.receive(message);
    if (complete === null) {
      this.#step(node, { type: 'chunkStored', from, lastIncludedIndex, nextOffset, replicationId });
    } else {
      this.#step(node, { type: 'snapshotReceived', from, replicationId, snapshot: complete });
    }
    return true;
  }

  #readChunk(node: TestNode): boolean {
    const request = node.running?.chunkRequests.shift();
    if (node.running === null || request === undefined) return false;
    const { to, term, lastIncludedIndex, offset, replicationId } = request;
    const file = node.disk.fileOf(lastIncludedIndex);
    if (file === undefined) {
      this.marks.add('snapshot gone');
      this.#step(node, { type: 'snapshotGone', to });
      return true;
    }
    if (offset > 0) this.marks.add('chunk in the middle');
    const message = {
      type: 'installSnapshot',
      term,
      leaderId: node.id,
      lastIncludedIndex,
      lastIncludedTerm: file.meta.lastIncludedTerm,
      fileBytes: file.bytes.length,
      fileChecksum: file.checksum,
      offset,
      data: file.bytes.slice(offset, offset + this.#options.chunkBytes),
      replicationId,
    } as const;
    this.#send(node, { to, message });
    return true;
  }

  #releaseHeld(node: TestNode, running: Incarnation): void {
    const { held } = running;
    running.held = held.filter(({ afterWriteId }) => afterWriteId > running.writtenId);
    for (const { afterWriteId, envelope } of held) {
      if (afterWriteId <= running.writtenId) this.#send(node, envelope);
    }
  }

  #send(node: TestNode, { to, message }: Envelope): void {
    this.oracle.checkPromise(node, message, to);
    this.network.send({ from: node.id, to, message });
  }

  #deliver({ from, to, message }: Packet): void {
    const node = this.nodes.find(({ id }) => id === to);
    if (node !== undefined) this.#step(node, { type: 'message', from, message });
  }
}

export function roleOf(node: TestNode): string {
  return node.running?.raft.status().role ?? 'down';
}

function termOf(node: TestNode): number {
  return node.running?.raft.status().currentTerm ?? 0;
}
