/**
 * Cores, their disks and the network between them, where nothing happens that nobody asked for:
 * what transcripts run on. test-transcript.ts has the commands.
 */
import { configurationOf } from './configuration.ts';
import { describeInput, describeReady } from './describe.ts';
import type { Configuration, NodeId, SnapshotMeta } from './entry.ts';
import { createRaft, type Raft } from './raft.ts';
import type { Input, Ready } from './ready.ts';
import { TranscriptJudge } from './test-transcript-judge.ts';
import { type Packet, TranscriptError, TranscriptNetwork } from './test-transcript-network.ts';
import { compact, createNode, persist, type TranscriptNode } from './test-transcript-node.ts';

const electionTicks = 10;
const heartbeatTicks = 2;

/** One entry a message, so that schedules can part them; the rest is wide or small accordingly. */
const defaults = { bytes: 1, window: 64, trailing: 0, chunks: 1, lag: 1000 };
type Settings = Record<keyof typeof defaults, number>;

/** What the state machine holds behind an entry. */
interface SnapshotFile {
  readonly meta: SnapshotMeta;
  readonly state: readonly string[];
}

export class TranscriptCluster {
  nodes: TranscriptNode[] = [];
  output: string[] = [];
  network: TranscriptNetwork = new TranscriptNetwork();
  #settings: Settings = defaults;
  #judge = new TranscriptJudge();
  /** By their last entry's index; who has which is on the disks. */
  #files = new Map<number, SnapshotFile>();
  #nextId = 1;
  #startCount = 0;
  #quiet = false;

  /** For the cluster that begins next. */
  set(args: readonly string[]): void {
    const given = Object.fromEntries(args.map((arg) => arg.split('=')));
    for (const [name, value] of Object.entries(given)) {
      if (!(name in defaults) || !Number.isSafeInteger(Number(value))) {
        throw new TranscriptError(`no setting ${name}=${value}: ${Object.keys(defaults)}`);
      }
    }
    const numbers = Object.entries(given).map(([name, value]) => [name, Number(value)]);
    this.#settings = { ...defaults, ...Object.fromEntries(numbers) };
  }

  begin(args: readonly string[]): void {
    const divider = args.indexOf('learners');
    const voters = divider === -1 ? args : args.slice(0, divider);
    const learners = divider === -1 ? [] : args.slice(divider + 1);
    const initial = { ...configurationOf(voters), learners };
    this.network = new TranscriptNetwork();
    this.#judge = new TranscriptJudge();
    this.#files = new Map();
    this.nodes = [];
    for (const id of [...voters, ...learners]) this.#start(id, initial);
  }

  #start(id: NodeId, initial: Configuration): void {
    const node = createNode(id, initial);
    this.nodes = [...this.nodes.filter((one) => one.id !== id), node].sort(byId);
    this.restart(node);
  }

  restart(node: TranscriptNode): void {
    const { hardState, snapshot, base, entries } = node.disk;
    node.raft = createRaft(
      {
        id: node.id,
        initialConfiguration: node.initial,
        electionTimeoutTicks: electionTicks,
        heartbeatTimeoutTicks: heartbeatTicks,
        random: this.#createRandom(node.id),
        trailingEntryCount: this.#settings.trailing,
        maxEntryBytesPerMessage: this.#settings.bytes,
        maxInflightMessages: this.#settings.window,
        promotionLagMax: this.#settings.lag,
      },
      { hardState, snapshot, base, entries: [...entries] },
    );
    node.appliedIndex = snapshot?.lastIncludedIndex ?? 0;
    node.applied = this.#files.get(node.appliedIndex)?.state ?? [];
    node.lastWriteId = 0;
    node.writtenId = 0;
    node.quietTicks = 0;
  }

  /** Timeouts are 11 ticks for n1, 12 for n2, ... The first draw is where its read requests begin
   * to be numbered: another number at each start. */
  #createRandom(id: NodeId): () => number {
    let first = true;
    return () => {
      const drawn = first ? ++this.#startCount / 2 ** 20 : Number(id.slice(1)) / 10;
      first = false;
      return drawn;
    };
  }

  crash(node: TranscriptNode): void {
    node.raft = null;
    node.writes = [];
    node.waiting = [];
    node.chunks = [];
    node.receiving = null;
    node.holdsWrites = false;
    node.holdsChunks = false;
  }

  /** Its disk is lost. It starts as it did the first time, or as one that joins. */
  wipe({ id, initial }: TranscriptNode, how: string | undefined): void {
    this.#start(id, how === 'joins' ? configurationOf([]) : initial);
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
    const raft = this.running(node);
    const { currentTerm } = raft.status();
    const { length } = this.network.packets;
    for (let count = 0; count < 2 * electionTicks; count += 1) {
      this.step(node, { type: 'tick' });
      const stands = this.network.packets.length > length;
      if (stands || raft.status().currentTerm > currentTerm) return;
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
      return { id: this.nextId(), data: new TextEncoder().encode(word) };
    });
    this.step(node, { type: 'propose', proposals });
  }

  change(node: TranscriptNode, args: readonly string[]): void {
    const given = (name: string): string | undefined =>
      args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);
    const listOf = (name: string): readonly NodeId[] => {
      return (given(name) ?? '').split(',').filter((id) => id !== '');
    };
    const [voters, learners] = [listOf('voters'), listOf('learners')];
    const expected = given('expect');
    const expectedConfigurationIndex = expected === undefined ? null : Number(expected);
    const change = { expectedConfigurationIndex, voters, learners, addresses: {} };
    this.step(node, { type: 'changeConfiguration', id: this.nextId(), ...change });
    for (const id of [...voters, ...learners]) {
      // A server that joins knows nobody until the leader speaks to it.
      if (!this.nodes.some((one) => one.id === id)) this.#start(id, configurationOf([]));
    }
  }

  takeSnapshot(node: TranscriptNode): void {
    const meta = this.running(node).snapshotMetaAt(node.appliedIndex);
    this.#files.set(meta.lastIncludedIndex, { meta, state: node.applied });
    compact(node.disk, meta, this.#settings.trailing);
    this.step(node, { type: 'snapshotTaken', snapshot: meta });
  }

  settle(): void {
    for (let count = 0; this.network.packets.length > 0; count += 1) {
      if (count > 10_000) throw new TranscriptError('the cluster does not come to rest');
      for (const packet of this.network.take('*->*', 1)) this.#arrive(packet);
    }
  }

  deliver(link: string, count: number): void {
    for (const packet of this.network.take(link, count)) this.#arrive(packet);
  }

  #arrive(packet: Packet): void {
    const { from, to, message } = packet;
    const node = this.nodes.find(({ id }) => id === to);
    if (node?.raft == null || this.network.isCut(packet)) return;
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
    this.output.push(...this.#judge.judge(node, ready));
    this.#perform(node, ready);
  }

  #perform(node: TranscriptNode, ready: Ready): void {
    for (const { to, message } of ready.messages) this.network.send({ from: node.id, to, message });
    if (ready.write !== null) {
      node.writes.push(ready.write);
      node.lastWriteId = ready.write.id;
    }
    for (const { to, message } of ready.messagesAfterWrite) {
      const packet = { from: node.id, to, message };
      node.waiting.push({ afterWriteId: node.lastWriteId, packet });
    }
    if (ready.installed !== null) {
      const { lastIncludedIndex } = ready.installed;
      node.appliedIndex = lastIncludedIndex;
      node.applied = this.#files.get(lastIncludedIndex)?.state ?? [];
    }
    for (const entry of ready.committed) {
      node.appliedIndex = entry.index;
      if (entry.kind !== 'command') continue;
      node.applied = [...node.applied, new TextDecoder().decode(entry.data)];
    }
    this.#sendChunks(node, ready);
    node.chunks = [...node.chunks, ...ready.chunks];
    if (!node.holdsChunks) this.storeChunks(node);
    this.#release(node);
    if (!node.holdsWrites && node.writes.length > 0) this.completeWrite(node);
  }

  /** A chunk is a byte here, and the state travels by itself. */
  #sendChunks(node: TranscriptNode, ready: Ready): void {
    for (const { to, term, lastIncludedIndex, offset, replicationId } of ready.chunkRequests) {
      const { snapshot } = node.disk;
      if (snapshot?.lastIncludedIndex !== lastIncludedIndex) {
        this.step(node, { type: 'snapshotGone', to });
        continue;
      }
      const message = {
        type: 'installSnapshot',
        term,
        leaderId: node.id,
        lastIncludedIndex,
        lastIncludedTerm: snapshot.lastIncludedTerm,
        fileBytes: this.#settings.chunks,
        fileChecksum: 0,
        offset,
        data: new Uint8Array(1),
        replicationId,
      } as const;
      this.network.send({ from: node.id, to, message });
    }
  }

  storeChunks(node: TranscriptNode): void {
    const { chunks } = node;
    node.chunks = [];
    for (const { from, message } of chunks) {
      const { lastIncludedIndex, offset, fileBytes, replicationId } = message;
      const same = node.receiving?.lastIncludedIndex === lastIncludedIndex;
      let nextOffset = same ? (node.receiving?.nextOffset ?? 0) : 0;
      if (offset === nextOffset) nextOffset += 1;
      node.receiving = { lastIncludedIndex, nextOffset };
      const file = this.#files.get(lastIncludedIndex);
      if (file === undefined || nextOffset < fileBytes) {
        const stored = { from, lastIncludedIndex, nextOffset, replicationId };
        this.step(node, { type: 'chunkStored', ...stored });
      } else {
        const { meta: snapshot } = file;
        this.step(node, { type: 'snapshotReceived', from, replicationId, snapshot });
      }
    }
  }

  hold(node: TranscriptNode, what: string | undefined): void {
    if (what === 'chunks') node.holdsChunks = true;
    else node.holdsWrites = true;
  }

  /** Its disk is fast again. */
  unhold(node: TranscriptNode): void {
    node.holdsWrites = false;
    if (node.writes.length > 0) this.completeWrite(node);
  }

  completeWrite(node: TranscriptNode): void {
    const write = node.writes.shift();
    if (write === undefined) throw new TranscriptError(`${node.id} has nothing to write`);
    persist(node.disk, write);
    node.writtenId = write.id;
    this.#release(node);
    this.step(node, { type: 'written', writeId: write.id });
    if (!node.holdsWrites && node.writes.length > 0) this.completeWrite(node);
  }

  #release(node: TranscriptNode): void {
    const ready = node.waiting.filter(({ afterWriteId }) => afterWriteId <= node.writtenId);
    node.waiting = node.waiting.filter(({ afterWriteId }) => afterWriteId > node.writtenId);
    for (const { packet } of ready) this.network.send(packet);
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
    const before = this.#quiet;
    this.#quiet = true;
    try {
      action();
    } finally {
      this.#quiet = before;
    }
  }

  nextId(): number {
    return this.#nextId++;
  }
}

function byId(a: TranscriptNode, b: TranscriptNode): number {
  return a.id < b.id ? -1 : 1;
}
