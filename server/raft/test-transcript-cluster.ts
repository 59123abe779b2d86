/**
 * Cores, their disks and the network between them, where nothing happens that nobody asked for: what
 * transcripts run on. test-transcript.ts has the commands.
 */
import { configurationOf } from './configuration.ts';
import { describeInput, describeReady } from './describe.ts';
import type { Entry, EntryId, HardState, NodeId, SnapshotMeta } from './entry.ts';
import type { Message } from './message.ts';
import { createRaft, type Raft } from './raft.ts';
import type { Input, Ready, Write } from './ready.ts';

export class TranscriptError extends Error {
  override readonly name = 'TranscriptError';
}

export interface Packet {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly message: Message;
}

export interface TranscriptNode {
  readonly id: NodeId;
  readonly disk: {
    hardState: HardState;
    snapshot: SnapshotMeta | null;
    /** The state at the snapshot: the commands that were applied. */
    snapshotState: readonly string[];
    base: EntryId;
    entries: Entry[];
  };
  raft: Raft | null;
  applied: string[];
  appliedIndex: number;
  /** Writes wait for `write`. */
  holdsWrites: boolean;
  writes: Write[];
  /** Messages that wait for the write with this id. */
  waiting: { afterWriteId: number; packet: Packet }[];
  lastWriteId: number;
  writtenId: number;
  /** Since it heard a leader or gave its vote, or about that long. */
  quietTicks: number;
}

const electionTicks = 10;
const heartbeatTicks = 2;

export class TranscriptCluster {
  nodes: TranscriptNode[] = [];
  packets: Packet[] = [];
  output: string[] = [];
  #sides: readonly (readonly NodeId[])[] = [];
  #cut: readonly string[] = [];
  #initial = configurationOf([]);
  #nextId = 1;
  #quiet = false;

  begin(args: readonly string[]): void {
    const divider = args.indexOf('learners');
    const voters = divider === -1 ? args : args.slice(0, divider);
    const learners = divider === -1 ? [] : args.slice(divider + 1);
    this.#initial = { ...configurationOf(voters), learners };
    this.packets = [];
    this.#sides = [];
    this.#cut = [];
    this.nodes = [...voters, ...learners].map(createNode);
    for (const node of this.nodes) this.restart(node);
  }

  restart(node: TranscriptNode): void {
    const { hardState, snapshot, base, entries } = node.disk;
    node.raft = createRaft(
      {
        id: node.id,
        initialConfiguration: this.#initial,
        electionTimeoutTicks: electionTicks,
        heartbeatTimeoutTicks: heartbeatTicks,
        // Different ones, so that timeouts are: 11 ticks for n1, 12 for n2, ...
        random: () => Number(node.id.slice(1)) / 10,
        trailingEntryCount: 0,
        // One entry a message, so that schedules can part them.
        maxEntryBytesPerMessage: 1,
      },
      { hardState, snapshot, base, entries: [...entries] },
    );
    node.applied = [...node.disk.snapshotState];
    node.appliedIndex = snapshot?.lastIncludedIndex ?? 0;
    node.lastWriteId = 0;
    node.writtenId = 0;
    node.quietTicks = 0;
  }

  crash(node: TranscriptNode): void {
    node.raft = null;
    node.writes = [];
    node.waiting = [];
  }

  /** An election timeout passes for whoever does not lead, and nobody stands: each draws a longer
   * one. So nobody is held back any more by a leader that it has not heard. */
  wait(): void {
    for (const node of this.nodes) {
      if (node.raft === null || node.raft.status().role === 'leader') continue;
      while (node.quietTicks < electionTicks) this.step(node, { type: 'tick' });
    }
  }

  /** Time passes for it alone until it stands. */
  stand(node: TranscriptNode): void {
    const { length } = this.packets;
    for (let count = 0; count < 2 * electionTicks; count += 1) {
      this.step(node, { type: 'tick' });
      if (this.packets.length > length) return;
    }
    throw new TranscriptError(`${node.id} does not stand`);
  }

  elect(node: TranscriptNode): void {
    this.wait();
    this.stand(node);
    this.settle();
    if (this.running(node).status().role !== 'leader') {
      throw new TranscriptError(`${node.id} is not elected`);
    }
  }

  propose(node: TranscriptNode, words: readonly string[]): void {
    const proposals = words.map((word) => {
      return { id: this.#nextId++, data: new TextEncoder().encode(word) };
    });
    this.step(node, { type: 'propose', proposals });
  }

  change(node: TranscriptNode, args: readonly string[]): void {
    const listOf = (name: string): readonly NodeId[] => {
      const given = args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
      return given === '' ? [] : given.split(',');
    };
    const [voters, learners] = [listOf('voters'), listOf('learners')];
    const change = { expectedConfigurationIndex: null, voters, learners, addresses: {} };
    this.step(node, { type: 'changeConfiguration', id: this.#nextId++, ...change });
    for (const id of [...voters, ...learners]) {
      if (this.nodes.some((one) => one.id === id)) continue;
      // A server that joins knows nobody until the leader speaks to it.
      const joining = createNode(id);
      this.nodes.push(joining);
      const initial = this.#initial;
      this.#initial = configurationOf([]);
      this.restart(joining);
      this.#initial = initial;
    }
  }

  takeSnapshot(node: TranscriptNode): void {
    const raft = this.running(node);
    const snapshot = raft.snapshotMetaAt(node.appliedIndex);
    const { lastIncludedIndex: index, lastIncludedTerm: term } = snapshot;
    node.disk.snapshot = snapshot;
    node.disk.snapshotState = [...node.applied];
    node.disk.entries = node.disk.entries.filter((entry) => entry.index > index);
    node.disk.base = { index, term };
    this.step(node, { type: 'snapshotTaken', snapshot });
  }

  cutLinks(args: readonly string[]): void {
    if (args.some((arg) => arg.includes('->'))) {
      this.#cut = [...this.#cut, ...args];
      return;
    }
    const bar = args.indexOf('|');
    this.#sides = [args.slice(0, bar), args.slice(bar + 1)];
  }

  #isCut(packet: Packet): boolean {
    if (this.#cut.includes(linkOf(packet))) return true;
    const sideOf = (id: NodeId): number => this.#sides.findIndex((side) => side.includes(id));
    return sideOf(packet.from) !== sideOf(packet.to);
  }

  settle(): void {
    for (let count = 0; this.packets.length > 0; count += 1) {
      if (count > 10_000) throw new TranscriptError('the cluster does not come to rest');
      const [packet, ...rest] = this.packets;
      this.packets = rest;
      if (packet !== undefined) this.#arrive(packet);
    }
  }

  deliver(args: readonly string[]): void {
    const link = args.find((arg) => arg.includes('->')) ?? null;
    const count = Number(args.find((arg) => /^[0-9]+$/.test(arg)) ?? Number.POSITIVE_INFINITY);
    const chosen = this.packets.filter((packet) => link === null || linkOf(packet) === link);
    const arriving = chosen.slice(0, count);
    this.packets = this.packets.filter((packet) => !arriving.includes(packet));
    for (const packet of arriving) this.#arrive(packet);
  }

  #arrive(packet: Packet): void {
    const { from, to, message } = packet;
    const node = this.nodes.find(({ id }) => id === to);
    if (node?.raft == null || this.#isCut(packet)) return;
    this.say(`${to} <- ${describeInput({ type: 'message', from, message })}`);
    this.step(node, { type: 'message', from, message });
  }

  step(node: TranscriptNode, input: Input): void {
    const ready = this.running(node).step(input);
    if (input.type === 'tick') node.quietTicks += 1;
    const heard = input.type === 'message' && input.message.type === 'appendEntries';
    if (heard || (ready.write?.hardState?.votedFor ?? null) !== null) node.quietTicks = 0;
    const text = describeReady(ready);
    for (const part of text.split('; ')) if (part !== '') this.say(`${node.id}: ${part}`);
    this.#perform(node, ready);
  }

  #perform(node: TranscriptNode, ready: Ready): void {
    for (const { to, message } of ready.messages) {
      this.packets.push({ from: node.id, to, message });
    }
    if (ready.write !== null) {
      node.writes.push(ready.write);
      node.lastWriteId = ready.write.id;
    }
    for (const { to, message } of ready.messagesAfterWrite) {
      const packet = { from: node.id, to, message };
      node.waiting.push({ afterWriteId: node.lastWriteId, packet });
    }
    for (const entry of ready.committed) {
      node.appliedIndex = entry.index;
      if (entry.kind === 'command') node.applied.push(new TextDecoder().decode(entry.data));
    }
    this.#sendChunks(node, ready);
    if (ready.installed !== null) this.#install(node, ready.installed);
    this.#release(node);
    if (!node.holdsWrites && node.writes.length > 0) this.completeWrite(node);
  }

  /** A snapshot is one chunk here, and the state travels by itself. */
  #sendChunks(node: TranscriptNode, ready: Ready): void {
    for (const { to, term, lastIncludedIndex, offset, replicationId } of ready.chunkRequests) {
      const { snapshot } = node.disk;
      if (snapshot === null || offset > 0) continue;
      const { lastIncludedTerm } = snapshot;
      const message: Message = {
        type: 'installSnapshot',
        term,
        leaderId: node.id,
        lastIncludedIndex,
        lastIncludedTerm,
        fileBytes: 1,
        fileChecksum: 0,
        offset,
        data: new Uint8Array(1),
        replicationId,
      };
      this.packets.push({ from: node.id, to, message });
    }
    for (const { from, message } of ready.chunks) {
      const { snapshot } = this.node(from).disk;
      if (snapshot?.lastIncludedIndex !== message.lastIncludedIndex) continue;
      const { replicationId } = message;
      this.step(node, { type: 'snapshotReceived', from, replicationId, snapshot });
    }
  }

  #install(node: TranscriptNode, snapshot: SnapshotMeta): void {
    const { lastIncludedIndex } = snapshot;
    const source = this.nodes.find(({ disk }) => {
      return disk.snapshot?.lastIncludedIndex === lastIncludedIndex;
    });
    node.applied = [...(source?.disk.snapshotState ?? [])];
    node.appliedIndex = lastIncludedIndex;
  }

  completeWrite(node: TranscriptNode): void {
    const write = node.writes.shift();
    if (write === undefined) throw new TranscriptError(`${node.id} has nothing to write`);
    persist(node, write);
    node.writtenId = write.id;
    this.#release(node);
    this.step(node, { type: 'written', writeId: write.id });
    if (!node.holdsWrites && node.writes.length > 0) this.completeWrite(node);
  }

  #release(node: TranscriptNode): void {
    const ready = node.waiting.filter(({ afterWriteId }) => afterWriteId <= node.writtenId);
    node.waiting = node.waiting.filter(({ afterWriteId }) => afterWriteId > node.writtenId);
    this.packets.push(...ready.map(({ packet }) => packet));
  }

  node(id: string): TranscriptNode {
    const node = this.nodes.find((one) => one.id === id);
    if (node === undefined) throw new TranscriptError(`no node is called '${id}'`);
    return node;
  }

  running(node: TranscriptNode): Raft {
    if (node.raft === null) throw new TranscriptError(`${node.id} is down`);
    return node.raft;
  }

  say(text: string): void {
    if (!this.#quiet) this.output.push(text);
  }

  quietly(action: () => void): void {
    this.#quiet = true;
    try {
      action();
    } finally {
      this.#quiet = false;
    }
  }

  drop(link: string): void {
    this.packets = this.packets.filter((packet) => linkOf(packet) !== link);
  }

  heal(): void {
    this.#sides = [];
    this.#cut = [];
  }

  nextId(): number {
    return this.#nextId++;
  }
}

export function linkOf({ from, to }: Packet): string {
  return `${from}->${to}`;
}

function createNode(id: NodeId): TranscriptNode {
  return {
    id,
    disk: {
      hardState: { currentTerm: 0, votedFor: null },
      snapshot: null,
      snapshotState: [],
      base: { index: 0, term: 0 },
      entries: [],
    },
    raft: null,
    applied: [],
    appliedIndex: 0,
    holdsWrites: false,
    writes: [],
    waiting: [],
    lastWriteId: 0,
    writtenId: 0,
    quietTicks: 0,
  };
}

function persist({ disk }: TranscriptNode, { hardState, snapshot, entries }: Write): void {
  if (hardState !== null) disk.hardState = hardState;
  if (snapshot !== null) {
    disk.snapshot = snapshot;
    disk.base = { index: snapshot.lastIncludedIndex, term: snapshot.lastIncludedTerm };
    disk.entries = [];
  }
  const first = entries[0];
  if (first === undefined) return;
  disk.entries.length = first.index - 1 - disk.base.index;
  disk.entries.push(...entries);
}
