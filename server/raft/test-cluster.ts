/**
 * A few cores on a made-up network and disks, driven by a seed: for the tests of this folder.
 *
 * Messages are dropped, doubled and delivered in any order; writes complete late; a crash loses
 * what was not written. After every step it checks what must hold between servers. [Fig. 3]
 */

import { configurationOf } from './configuration.ts';
import type { Entry, HardState, NodeId } from './entry.ts';
import type { Envelope, Message } from './message.ts';
import { createRaft, type Raft, type RaftOptions } from './raft.ts';
import type { Input, Ready, Write } from './ready.ts';
import { ClusterOracle } from './test-oracle.ts';

export interface Faults {
  readonly dropRate: number;
  readonly duplicateRate: number;
  readonly crashRate: number;
  readonly partitionRate: number;
  readonly proposeRate: number;
  readonly readRate: number;
  /** How often time passes somewhere, and how often a disk completes a write; else a message. */
  readonly tickRate: number;
  readonly writtenRate: number;
}

/** One run of a server: a restart makes a new one on the old disk. */
export interface Incarnation {
  readonly raft: Raft;
  readonly inFlight: Write[];
  /** Messages that wait for the write with this id. */
  held: { readonly afterWriteId: number; readonly envelope: Envelope }[];
  lastWriteId: number;
  writtenId: number;
  deliveredIndex: number;
  /** The log as the core has it: what is on disk and what is on its way. */
  readonly log: Entry[];
}

export interface TestNode {
  readonly id: NodeId;
  readonly disk: { hardState: HardState; entries: Entry[] };
  running: Incarnation | null;
}

interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

/** mulberry32: uniform in [0, 1), the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export class TestCluster {
  readonly nodes: readonly TestNode[];
  readonly oracle: ClusterOracle;
  readonly #random: () => number;
  readonly #faults: Faults;
  #packets: Packet[] = [];
  /** Copies that will arrive when nobody expects them any more. */
  readonly #limbo: Packet[] = [];
  /** Which side each node is on; equal sides hear each other. */
  #sides = new Map<NodeId, number>();
  /** Its clock nearly stands: a leader that does not notice that it was replaced. */
  #slow: TestNode | null = null;
  #nextId = 1;

  constructor(nodeCount: number, random: () => number, faults: Faults) {
    this.#random = random;
    this.#faults = faults;
    this.nodes = Array.from({ length: nodeCount }, (_, position) => ({
      id: `n${position + 1}`,
      disk: { hardState: { currentTerm: 0, votedFor: null }, entries: [] },
      running: null,
    }));
    this.oracle = new ClusterOracle(this.nodes);
    for (const node of this.nodes) this.restart(node);
  }

  leader(): TestNode | undefined {
    const leaders = this.nodes.filter((node) => roleOf(node) === 'leader');
    const termOf = (node: TestNode): number => node.running?.raft.status().currentTerm ?? 0;
    return leaders.sort((a, b) => termOf(b) - termOf(a))[0];
  }

  /** One thing happens somewhere. */
  stepAtRandom(): void {
    const { crashRate, partitionRate, proposeRate, readRate } = this.#faults;
    const { tickRate, writtenRate } = this.#faults;
    const node = this.#pick(this.nodes);
    if (node.running === null && this.#random() < 0.1) this.restart(node);
    const choices: readonly [number, () => void][] = [
      [crashRate, () => this.crash(this.#leaderOr(node))],
      [partitionRate, () => this.#partition()],
      [proposeRate, () => this.propose(this.#leaderOr(node), 1 + Math.floor(this.#random() * 3))],
      [readRate, () => this.read(this.#leaderOr(node))],
      [node === this.#slow ? tickRate / 10 : tickRate, () => this.#step(node, { type: 'tick' })],
      [writtenRate, () => this.#completeWrite(node)],
      [1, () => this.#deliverOne()],
    ];
    let dice = this.#random();
    for (const [rate, act] of choices) {
      dice -= rate;
      if (dice < 0) {
        act();
        return;
      }
    }
  }

  /** All is well from now on: every node runs, every message arrives, every write completes. */
  heal(): void {
    this.#sides = new Map();
    this.#slow = null;
    for (const node of this.nodes) if (node.running === null) this.restart(node);
  }

  /** A unit of time in which all that can happen happens. */
  stepAll(): void {
    for (const node of this.nodes) this.#step(node, { type: 'tick' });
    this.settle();
  }

  settle(): void {
    for (let round = 0; round < 1000; round += 1) {
      const packets = this.#packets;
      this.#packets = [];
      for (const packet of packets) this.#deliver(packet);
      for (const node of this.nodes) while (this.#completeWrite(node));
      if (packets.length === 0 && this.#packets.length === 0) return;
    }
    throw new Error('the cluster does not come to rest');
  }

  propose(node: TestNode, count: number): void {
    const proposals = Array.from({ length: count }, () => {
      const id = this.#nextId++;
      return { id, data: new TextEncoder().encode(`${node.id}#${id}`) };
    });
    this.#step(node, { type: 'propose', proposals });
  }

  read(node: TestNode): void {
    if (node.running === null) return;
    const id = this.#nextId++;
    this.oracle.readAsked(id);
    this.#step(node, { type: 'read', ids: [id] });
  }

  restart(node: TestNode): void {
    const random = this.#random;
    const options: RaftOptions = {
      id: node.id,
      initialConfiguration: configurationOf(this.nodes.map(({ id }) => id)),
      electionTimeoutTicks: 5,
      heartbeatTimeoutTicks: 2,
      random,
      maxEntryBytesPerMessage: 12,
      maxInflightMessages: 3,
      maxInflightBytes: 30,
    };
    const entries = [...node.disk.entries];
    node.running = {
      raft: createRaft(options, {
        hardState: node.disk.hardState,
        snapshot: null,
        base: { index: 0, term: 0 },
        entries,
      }),
      inFlight: [],
      held: [],
      lastWriteId: 0,
      writtenId: 0,
      deliveredIndex: 0,
      log: entries,
    };
  }

  /** What was being written may have reached the disk, in order and up to any point. */
  crash(node: TestNode): void {
    const { running } = node;
    if (running === null) return;
    const survivorCount = Math.floor(this.#random() * (running.inFlight.length + 1));
    for (const write of running.inFlight.slice(0, survivorCount)) persist(node, write);
    node.running = null;
  }

  /** The network splits in two, often around a leader whose clock is slow, or heals. */
  #partition(): void {
    this.#sides = new Map();
    this.#slow = null;
    const shape = this.#random();
    if (shape < 0.3) return;
    const target = this.#leaderOr(this.#pick(this.nodes));
    if (shape < 0.7) this.#slow = target;
    for (const node of this.nodes) {
      const side = shape < 0.5 ? Number(node === target) : Math.floor(this.#random() * 2);
      this.#sides.set(node.id, side);
    }
  }

  #step(node: TestNode, input: Input): void {
    const { running } = node;
    if (running === null) return;
    const ready = running.raft.step(input);
    this.#perform(node, running, ready);
    this.oracle.checkStep(node, running, ready);
  }

  #perform(node: TestNode, running: Incarnation, ready: Ready): void {
    if (ready.write !== null) {
      const first = ready.write.entries[0];
      if (first !== undefined) running.log.length = first.index - 1;
      running.log.push(...ready.write.entries);
      running.inFlight.push(ready.write);
      running.lastWriteId = ready.write.id;
    }
    for (const envelope of ready.messages) this.#send(node, envelope);
    for (const envelope of ready.messagesAfterWrite) {
      running.held.push({ afterWriteId: running.lastWriteId, envelope });
    }
    this.#releaseHeld(node, running);
  }

  #completeWrite(node: TestNode): boolean {
    const write = node.running?.inFlight.shift();
    if (node.running === null || write === undefined) return false;
    persist(node, write);
    node.running.writtenId = write.id;
    this.#releaseHeld(node, node.running);
    this.#step(node, { type: 'written', writeId: write.id });
    return true;
  }

  #releaseHeld(node: TestNode, running: Incarnation): void {
    const { held } = running;
    running.held = held.filter(({ afterWriteId }) => afterWriteId > running.writtenId);
    for (const { afterWriteId, envelope } of held) {
      if (afterWriteId > running.writtenId) continue;
      this.#send(node, envelope);
    }
  }

  #send(node: TestNode, { to, message }: Envelope): void {
    this.oracle.checkPromise(node, message, to);
    this.#packets.push({ from: node.id, to, message });
  }

  #deliverOne(): void {
    // Mostly in order; else any, so that some arrive terms later than they were sent.
    const inOrder = this.#random() < 0.7;
    const position = inOrder ? 0 : Math.floor(this.#random() * this.#packets.length);
    const [packet] = this.#packets.splice(position, 1);
    if (packet === undefined) return;
    if (this.#random() < 0.02) this.#limbo.push(packet);
    if (this.#random() < 0.02) this.#leaveLimbo();
    if (this.#random() < this.#faults.duplicateRate) this.#packets.push(packet);
    if (this.#random() >= this.#faults.dropRate) this.#deliver(packet);
  }

  #leaveLimbo(): void {
    const position = Math.floor(this.#random() * this.#limbo.length);
    const [packet] = this.#limbo.splice(position, 1);
    if (packet !== undefined) this.#deliver(packet);
  }

  #deliver({ from, to, message }: Packet): void {
    const node = this.nodes.find(({ id }) => id === to);
    if (node === undefined || this.#sides.get(from) !== this.#sides.get(to)) return;
    this.#step(node, { type: 'message', from, message });
  }

  /** Any leader, of the past ones too: they matter most. */
  #leaderOr(node: TestNode): TestNode {
    const leaders = this.nodes.filter((other) => roleOf(other) === 'leader');
    return leaders.length > 0 && this.#random() < 0.7 ? this.#pick(leaders) : node;
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }
}

export function roleOf(node: TestNode): string {
  return node.running?.raft.status().role ?? 'down';
}

function persist({ disk }: TestNode, { hardState, entries }: Write): void {
  if (hardState !== null) disk.hardState = hardState;
  const first = entries[0];
  if (first === undefined) return;
  disk.entries.length = first.index - 1;
  disk.entries.push(...entries);
}
