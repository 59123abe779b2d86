/**
 * The cluster: the nodes, the network between them, and the road from a client to each.
 *
 * Three implementations stand behind it (harness/cluster/): processes, containers, simulation. What
 * one of them cannot do is in its capabilities, with the reason.
 */

/** A directed pair of nodes. */
export interface Link {
  readonly from: string;
  readonly to: string;
}

/** Whether a node's process runs, is frozen, or is gone. */
export type NodeState = 'running' | 'paused' | 'stopped';

/** A node's process ended by itself. */
export interface UnexpectedExit {
  readonly node: string;
  /** How it ended, and its last words where there are any. */
  readonly reason: string;
}

/** Of an end, as a cluster tells its reason, or of a line of a log: whether a fault explains it. */
export type Excuse = (words: string) => boolean;

/** A byte stream to a node's client port. */
export interface ByteStream {
  /** Never throws; bytes that cannot be sent end in onClose. */
  write(bytes: Uint8Array): void;
  onData(handler: (bytes: Uint8Array) => void): void;
  /** Called once. */
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

/** The other end of the clients' connections: all of them together. */
export const clientsEnd = 'clients';

/**
 * What happens to what goes from one end to the other.
 *
 * `drop`: nothing passes, bare acknowledgements neither, so that TCP falls silent in the other
 * direction too. `oneway`: no data passes, acknowledgements do: the other direction works on.
 * `loss`: a share of the packets is lost. `delay`: everything comes later, by `ms` and up to
 * `jitterMs` more or less. `rate`: so much and no more. `hold`: nothing passes now, all of it
 * later, in order, even when its sender has gone. `reset`: connections break, and new ones are
 * refused.
 */
export type LinkMode =
  | { readonly type: 'drop' | 'oneway' | 'hold' | 'reset' }
  /** In (0, 100). */
  | { readonly type: 'loss'; readonly percent: number }
  | { readonly type: 'delay'; readonly ms: number; readonly jitterMs: number }
  | { readonly type: 'rate'; readonly kilobitsPerS: number };

/** From a node or the clients to a node or the clients. One pair may have several modes. */
export interface LinkRule extends Link {
  readonly mode: LinkMode;
}

export interface ClusterNetwork {
  /**
   * From now on exactly these rules are in force. One transaction; an unavailable mode or end
   * rejects, and nothing is changed.
   */
  set(rules: readonly LinkRule[]): Promise<void>;
  /** What is in force, read back from where it is enforced. */
  read(): Promise<NetworkReading>;
}

export interface NetworkReading {
  readonly rules: readonly LinkRule[];
  /** Packets, or chunks or messages, that rules of a type have met so far, over the whole run. */
  readonly met: Readonly<Partial<Record<LinkMode['type'], number>>>;
  /** The same for each link, whether its rule is still in force or not; none where it is none. */
  readonly metOnLinks: readonly LinkMet[];
}

/** What has met the rules of a type on a link so far, over the whole run. */
export interface LinkMet extends Link {
  readonly type: LinkMode['type'];
  readonly count: number;
}

/** Counts of a link and a type that several have taken are added. */
export function networkReading(
  rules: readonly LinkRule[],
  counts: readonly LinkMet[],
): NetworkReading {
  const met: Partial<Record<LinkMode['type'], number>> = {};
  const links = new Map<string, LinkMet>();
  for (const { from, to, type, count } of counts.filter((each) => each.count > 0)) {
    const name = `${from}>${to} ${type}`;
    links.set(name, { from, to, type, count: count + (links.get(name)?.count ?? 0) });
    met[type] = (met[type] ?? 0) + count;
  }
  return { rules, met, metOnLinks: [...links.values()] };
}

/** A file of a node's data directory. */
export interface DiskFile {
  /** Relative to the data directory. */
  readonly path: string;
  readonly bytes: number;
  /** Up to the last byte that is not zero: zeros behind it may be room for more. Default: all. */
  readonly contentBytes?: number;
  /** 0 is the one that was written last. */
  readonly age: number;
}

/** Harm done to the files of a node that is stopped; what was there is kept for `repair`. */
export type Damage =
  | {
      readonly type: 'append';
      readonly path: string;
      readonly bytes: Uint8Array;
      /** Where they go, in room that was kept for more; left out: at the end of the file. */
      readonly offset?: number;
    }
  | {
      readonly type: 'truncate';
      readonly path: string;
      readonly keepBytes: number;
      /** As of `flip`. */
      readonly isTellable?: boolean;
    }
  | {
      readonly type: 'flip';
      readonly path: string;
      readonly offset: number;
      readonly bit: number;
      /** A server that checks its files refuses them: one that goes on is judged as any other. */
      readonly isTellable?: boolean;
    }
  | { readonly type: 'wipe' };

/** An operation of a disk that is to fail with EIO. */
export interface DiskFailure {
  readonly operation: 'sync' | 'write' | 'read';
  /** Which of them from now on, 1 for the next. */
  readonly at: number;
}

export type Evidence = Readonly<Record<string, unknown>>;

/** The disks of the nodes. What returns evidence says what was read back. */
export interface ClusterDisks {
  /** Ends the nodes; what they had not synced is gone. All at one moment. */
  powerLoss(nodes: readonly string[]): Promise<Evidence>;
  /** No byte more fits, until `free`. `{ freeBytes }` and what the machine said. */
  fill(node: string): Promise<Evidence>;
  free(node: string): Promise<Evidence>;
  /** At most so many syncs or writes in a second; null: as fast as it can. */
  slow(node: string, perSecond: number | null): Promise<Evidence>;
  /**
   * In the place of what was to fail: a write or a sync fails once, a read and all after it until
   * the next call; null: nothing fails. What a failed sync covered may be gone although a later one
   * succeeds. `{ failedCount }`, of all that ever failed. Where there is the ability `disk-error`.
   */
  failAt?(node: string, failure: DiskFailure | null): Promise<Evidence>;
  list(node: string): Promise<readonly DiskFile[]>;
  damage(node: string, damage: Damage): Promise<Evidence>;
  /** Puts back what `damage` has kept, in a node that is stopped. */
  repair(node: string): Promise<Evidence>;
}

export type Capability =
  | { readonly available: true; readonly how: string }
  | { readonly available: false; readonly why: string; readonly remedy: string };

/** What faults are made of. */
export type Ability =
  | ('drop' | 'oneway' | 'loss' | 'delay' | 'rate' | 'hold' | 'reset' | 'client-cut')
  | ('kill' | 'step-crash' | 'pause' | 'log-lines')
  | ('power-loss' | 'disk-full' | 'disk-slow' | 'disk-error' | 'damage' | 'spares' | 'versions');

const networkAbilities: readonly Ability[] = [
  ...(['drop', 'oneway', 'loss', 'delay', 'rate', 'hold', 'reset', 'client-cut'] as const),
];
const diskAbilities: readonly Ability[] = [
  ...(['power-loss', 'disk-full', 'disk-slow', 'disk-error', 'damage'] as const),
];

export const abilities: readonly Ability[] = [
  ...networkAbilities,
  ...(['kill', 'step-crash', 'pause', 'log-lines'] as const),
  ...diskAbilities,
  ...(['spares', 'versions'] as const),
];

/** What only a simulation can do: no container and no process is so finely grained. */
export const simulatedOnly: readonly Ability[] = ['step-crash', 'disk-error'];

export type Capabilities = Readonly<Record<Ability, Capability>>;

/** All of them unavailable, but for those that are told. */
export function capabilitiesOf(
  told: Partial<Record<Ability, Capability>>,
  why: string,
  remedy: string,
): Capabilities {
  const none: Capability = { available: false, why, remedy };
  return Object.fromEntries(abilities.map((each) => [each, told[each] ?? none])) as Capabilities;
}

export interface StartOptions {
  /** One of the cluster's versions; left out: the one that the node had last. */
  readonly version?: string;
}

export interface Cluster {
  readonly kind: 'docker' | 'process' | 'sim';
  readonly nodes: readonly string[];
  /** Nodes that are not started at first, and are no members; they have their places. */
  readonly spares: readonly string[];
  /** Of the system, by name; nodes start as the first. */
  readonly versions: readonly string[];
  readonly network: ClusterNetwork;
  readonly disks: ClusterDisks;
  /** One line: what it runs on and how, for the console and the report. */
  describe(): string;
  capabilities(): Capabilities;
  /** Starts a node on its data directory; resolves when it answers a command. */
  start(node: string, options?: StartOptions): Promise<void>;
  /** Ends a node in good order. */
  stop(node: string): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(node: string): Promise<void>;
  /**
   * The node ends, as by `kill`, after so many steps more: messages and operations of its disk, as
   * they begin and as it hears of their end. null: it does not. Where there is the ability
   * `step-crash`.
   */
  endAtStep?(node: string, steps: number | null): Promise<void>;
  pause(node: string): Promise<void>;
  resume(node: string): Promise<void>;
  /** Asked of the operating system or the engine, not remembered. */
  nodeState(node: string): Promise<NodeState>;
  /** As the operating system here, or the engine's, counts; null when it does not run. */
  processId(node: string): Promise<number | null>;
  /** How often the node has been started. */
  lives(node: string): number;
  /** Told of each line that a node writes from now on, as it comes; returns how to stop. */
  onLogLine(handler: (node: string, line: string) => void): () => void;
  /**
   * From now until the returned function is called, the node may end by itself for a reason that
   * the excuse covers: a fault asked for it, or took away what it needs.
   */
  mayEnd(node: string, excuse: Excuse): () => void;
  /** Nodes that ended although nobody had asked them to, over the whole run. */
  unexpectedExits(): readonly UnexpectedExit[];
  /** Where clients reach the node, as `host:port`; also what a redirect names. */
  clientAddress(node: string): string;
  /** Rejects when nobody listens. */
  connect(node: string): Promise<ByteStream>;
  /**
   * Writes each node's logs below `<folder>/<node>/`; its trace, where the cluster was made with
   * traces, as `trace.jsonl` there.
   */
  collectLogs(folder: string): Promise<void>;
  /** Removes everything that was made. Safe to call twice, and after a failed set-up. */
  tearDown(): Promise<void>;
}
