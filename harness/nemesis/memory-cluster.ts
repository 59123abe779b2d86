/**
 * A cluster that is nothing but numbers: for the tests of the nemeses, which need one that obeys at
 * once and can be made to fail at any step. Nothing but tests may use it.
 *
 * Each look at it is a step: a leader is chosen where one can be, a few entries are added and go to
 * whoever is reached. A log is a file with a 1 for each entry. A node that runs among its peers
 * with less than it had promised is noted: no fault may ever lead there.
 */
import type { IntrospectionSample } from '../checker.ts';
import { Excuses } from '../cluster/excuses.ts';
import type { ByteStream, Cluster, ClusterDisks, Damage, Evidence, NodeState } from '../cluster.ts';
import { capabilitiesOf, type Excuse } from '../cluster.ts';
import { MemoryNetwork } from './memory-network.ts';

export const logFile = 'wal-1';
const identityFile = 'identity';
const entriesPerLook = 3;

export interface MemoryNode {
  state: NodeState;
  pid: number | null;
  lives: number;
  version: string;
  files: Map<string, Uint8Array>;
  kept: { readonly life: number; readonly files: Map<string, Uint8Array> } | null;
  /** The most that it has ever had durably. */
  promised: number;
  firstLogIndex: number;
  snapshotsInstalled: number;
  isFull: boolean;
  perSecond: number | null;
  /** Writes that its slow disk has held up. */
  waited: number;
  mayEnd: number;
  readonly excuses: Excuses;
}

export class MemoryCluster implements Cluster {
  readonly kind = 'process';
  readonly nodes: readonly string[];
  readonly spares: readonly string[];
  readonly versions: readonly string[] = ['1.0', '2.0'];
  readonly disks: ClusterDisks;
  readonly calls: string[] = [];
  readonly exits: { readonly node: string; readonly reason: string }[] = [];
  /** Nodes that took part with less than they had promised. */
  readonly unsafe: string[] = [];
  /** What is to fail, and with which words: `start n1`. Taken out when it has. */
  readonly failing: Map<string, string> = new Map();
  voters: readonly string[];
  leader: string | null = null;
  term = 0;
  /** No entries are added any more. */
  isIdle = false;
  readonly #nodes = new Map<string, MemoryNode>();
  readonly #listeners = new Set<(node: string, line: string) => void>();
  #nextPid = 100;

  constructor(nodes: readonly string[], spares: readonly string[] = []) {
    this.nodes = nodes;
    this.spares = spares;
    this.voters = nodes;
    for (const node of [...nodes, ...spares]) this.#nodes.set(node, this.#create());
    for (const node of nodes) this.#boot(this.node(node));
    this.disks = this.#createDisks();
    this.look();
  }

  readonly network: MemoryNetwork = new MemoryNetwork(({ length }) => {
    this.#act(`set ${length} rules`);
  });

  node(name: string): MemoryNode {
    const found = this.#nodes.get(name);
    if (found === undefined) throw new RangeError(`there is no node ${name}`);
    return found;
  }

  describe(): string {
    return 'numbers';
  }

  capabilities(): ReturnType<Cluster['capabilities']> {
    return capabilitiesOf({}, 'it is a test', 'none');
  }

  async start(name: string, options?: { readonly version?: string }): Promise<void> {
    this.#act(`start ${name}`);
    const node = this.node(name);
    if (node.state !== 'stopped') throw new RangeError(`${name} runs already`);
    if (options?.version !== undefined) node.version = options.version;
    this.#boot(node);
    const log = node.files.get(logFile) ?? new Uint8Array();
    const bad = log.findIndex((byte) => byte !== 1);
    if (bad < 0) return;
    // Garbage behind it is a torn write; entries behind it are not.
    const behind = log.subarray(bad + 1);
    if (behind.filter((byte) => byte === 1).length * 2 > behind.length) {
      this.#end(name, `it ended with exit code 251: ${logFile} is corrupt at byte ${bad}`);
      throw new Error(`${name} ended before it answered: corrupt at byte ${bad}`);
    }
    node.files.set(logFile, log.slice(0, bad));
  }

  async stop(name: string): Promise<void> {
    this.#act(`stop ${name}`);
    this.#halt(name);
  }

  async kill(name: string): Promise<void> {
    this.#act(`kill ${name}`);
    this.#halt(name);
  }

  async pause(name: string): Promise<void> {
    this.#act(`pause ${name}`);
    this.node(name).state = 'paused';
  }

  async resume(name: string): Promise<void> {
    this.#act(`resume ${name}`);
    this.node(name).state = 'running';
  }

  async nodeState(name: string): Promise<NodeState> {
    return this.node(name).state;
  }

  async processId(name: string): Promise<number | null> {
    return this.node(name).pid;
  }

  lives(name: string): number {
    return this.node(name).lives;
  }

  onLogLine(handler: (node: string, line: string) => void): () => void {
    this.#listeners.add(handler);
    return () => {
      this.#listeners.delete(handler);
    };
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  mayEnd(name: string, excuse: Excuse): () => void {
    this.node(name).mayEnd++;
    const takeBack = this.node(name).excuses.add(excuse);
    let isOpen = true;
    return () => {
      takeBack();
      if (isOpen) this.node(name).mayEnd--;
      isOpen = false;
    };
  }

  unexpectedExits(): Cluster['unexpectedExits'] extends () => infer Exits ? Exits : never {
    return this.exits;
  }

  clientAddress(name: string): string {
    return `${name}:1`;
  }

  connect(name: string): Promise<ByteStream> {
    return Promise.reject(new Error(`${name} is only numbers`));
  }

  async collectLogs(): Promise<void> {}

  async tearDown(): Promise<void> {}

  /** A step, and what each node that runs says of itself. */
  look(): readonly IntrospectionSample[] {
    this.#elect();
    const leader = this.leader === null ? null : this.node(this.leader);
    if (leader !== null && !this.isIdle) this.#append(this.leader ?? '', entriesPerLook);
    const last = leader === null ? 0 : logLength(leader);
    if (leader !== null) {
      for (const name of this.#reachable(this.leader ?? '')) this.#replicate(name, leader, last);
    }
    for (const [name, node] of this.#nodes) this.#checkPromise(name, node);
    return [...this.#nodes].flatMap(([name, node]) =>
      node.state === 'running' ? [this.#sample(name, node, last)] : [],
    );
  }

  snapshot(name: string): void {
    this.#act(`snapshot ${name}`);
    const node = this.node(name);
    node.firstLogIndex = logLength(node) + 1;
  }

  /** With these words for its last ones. */
  endsByItself(name: string, reason: string): void {
    this.#end(name, reason);
  }

  says(name: string, line: string): void {
    for (const listener of this.#listeners) listener(name, line);
  }

  #create(): MemoryNode {
    const files = new Map([
      [logFile, new Uint8Array()],
      [identityFile, Uint8Array.of(7)],
    ]);
    return {
      ...{ state: 'stopped', pid: null, lives: 0, version: '1.0', files, kept: null, promised: 0 },
      ...{ firstLogIndex: 1, snapshotsInstalled: 0, isFull: false, perSecond: null, waited: 0 },
      ...{ mayEnd: 0, excuses: new Excuses() },
    };
  }

  #boot(node: MemoryNode): void {
    node.state = 'running';
    node.pid = this.#nextPid++;
    node.lives++;
    node.snapshotsInstalled = 0;
    if (!node.files.has(logFile)) node.files.set(logFile, new Uint8Array());
  }

  #halt(name: string): void {
    const node = this.node(name);
    node.state = 'stopped';
    node.pid = null;
  }

  #end(name: string, reason: string): void {
    this.#halt(name);
    this.says(name, reason);
    if (!this.node(name).excuses.cover(reason)) this.exits.push({ node: name, reason });
  }

  #act(call: string): void {
    this.calls.push(call);
    const words = this.failing.get(call);
    this.failing.delete(call);
    if (words !== undefined) throw new Error(words);
  }

  #elect(): void {
    const canLead = (name: string): boolean => {
      const supporters = this.#reachable(name).filter((other) => this.voters.includes(other));
      return (
        this.voters.includes(name) &&
        this.node(name).state === 'running' &&
        supporters.length + 1 > this.voters.length / 2
      );
    };
    if (this.leader !== null && canLead(this.leader)) return;
    const next = this.voters
      .filter(canLead)
      .sort((a, b) => logLength(this.node(b)) - logLength(this.node(a)))[0];
    this.leader = next ?? null;
    if (next !== undefined) this.term++;
  }

  /** Running nodes that know it, with links in both directions; without itself. */
  #reachable(name: string): readonly string[] {
    const isCut = (from: string, to: string): boolean =>
      this.network.rules.some((rule) => rule.from === from && rule.to === to);
    return [...this.#nodes].flatMap(([other, node]) =>
      other !== name &&
      node.state === 'running' &&
      node.files.has(identityFile) &&
      this.node(name).files.has(identityFile) &&
      !isCut(name, other) &&
      !isCut(other, name)
        ? [other]
        : [],
    );
  }

  #append(name: string, count: number): void {
    const node = this.node(name);
    if (node.isFull) {
      this.#end(name, 'write failed: ENOSPC');
      return;
    }
    this.#setLog(node, logLength(node) + count);
  }

  #replicate(name: string, leader: MemoryNode, last: number): void {
    const node = this.node(name);
    if (!this.voters.includes(name) || logLength(node) >= last) return;
    if (node.isFull) {
      this.#end(name, 'write failed: ENOSPC');
      return;
    }
    if (logLength(node) + 1 < leader.firstLogIndex) {
      node.snapshotsInstalled++;
      node.firstLogIndex = leader.firstLogIndex;
    }
    this.#setLog(node, last);
  }

  #setLog(node: MemoryNode, length: number): void {
    node.files.set(logFile, new Uint8Array(length).fill(1));
    node.promised = Math.max(node.promised, length);
    if (node.perSecond !== null) node.waited++;
  }

  #checkPromise(name: string, node: MemoryNode): void {
    if (node.state !== 'running' || logLength(node) >= node.promised) return;
    if (this.#reachable(name).length > 0) this.unsafe.push(name);
  }

  #sample(name: string, node: MemoryNode, last: number): IntrospectionSample {
    const length = logLength(node);
    return {
      ...{ askedNs: 0, timeNs: 0, node: name, life: node.lives, term: this.term },
      ...{ role: name === this.leader ? 'leader' : 'follower', leader: this.leader },
      ...{ commitIndex: Math.min(length, last), appliedIndex: length, lastLogIndex: length },
      ...{ firstLogIndex: node.firstLogIndex, snapshotsInstalled: node.snapshotsInstalled },
    };
  }

  #createDisks(): ClusterDisks {
    const read = (node: MemoryNode): Evidence => ({ freeBytes: node.isFull ? 0 : 100_000 });
    return {
      powerLoss: async (names) => {
        this.#act(`power ${names.join(' ')}`);
        for (const name of names) this.#halt(name);
        return { lost: Object.fromEntries(names.map((name) => [name, 0])) };
      },
      fill: async (name) => {
        this.#act(`fill ${name}`);
        this.node(name).isFull = true;
        return read(this.node(name));
      },
      free: async (name) => {
        this.#act(`free ${name}`);
        this.node(name).isFull = false;
        return read(this.node(name));
      },
      slow: async (name, perSecond) => {
        this.#act(`slow ${name} ${perSecond}`);
        this.node(name).perSecond = perSecond;
        return { perSecond, waited: this.node(name).waited };
      },
      list: async (name) =>
        [...this.node(name).files].map(([path, { length }], age) => ({ path, bytes: length, age })),
      damage: (name, damage) => this.#damage(name, damage),
      repair: async (name) => {
        this.#act(`repair ${name}`);
        const node = this.#stopped(name);
        if (node.kept !== null) node.files = new Map(node.kept.files);
        node.kept = null;
        return { files: node.files.size };
      },
    };
  }

  async #damage(name: string, damage: Damage): Promise<Evidence> {
    this.#act(`damage ${name}`);
    const node = this.#stopped(name);
    if (node.kept?.life !== node.lives) node.kept = { life: node.lives, files: node.files };
    node.files = new Map(node.files);
    if (damage.type === 'wipe') {
      node.files.clear();
      return {};
    }
    const old = node.files.get(damage.path) ?? new Uint8Array();
    switch (damage.type) {
      case 'append':
        node.files.set(damage.path, Uint8Array.from([...old, ...damage.bytes]));
        return {};
      case 'truncate':
        node.files.set(damage.path, old.slice(0, damage.keepBytes));
        return {};
      case 'flip': {
        const before = old[damage.offset] ?? 0;
        const after = before ^ (1 << damage.bit);
        node.files.set(damage.path, old.with(damage.offset, after));
        return { before, after };
      }
    }
  }

  #stopped(name: string): MemoryNode {
    const node = this.node(name);
    if (node.state !== 'stopped') throw new RangeError(`${name} runs: its files are in use`);
    return node;
  }
}

/** Entries in the log: its leading ones. */
function logLength(node: MemoryNode): number {
  const log = node.files.get(logFile) ?? new Uint8Array();
  const bad = log.findIndex((byte) => byte !== 1);
  return bad < 0 ? log.length : bad;
}
