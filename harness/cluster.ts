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

/** A byte stream to a node's client port. */
export interface ByteStream {
  /** Never throws; bytes that cannot be sent end in onClose. */
  write(bytes: Uint8Array): void;
  onData(handler: (bytes: Uint8Array) => void): void;
  /** Called once. */
  onClose(handler: (reason: string) => void): void;
  close(): void;
}

export interface ClusterNetwork {
  /** From now on exactly these links carry nothing; every other link works. One transaction. */
  set(cut: readonly Link[]): Promise<void>;
  /** What is in force, read back from where it is enforced. */
  read(): Promise<NetworkReading>;
}

export interface NetworkReading {
  readonly cut: readonly Link[];
  /** Packets or messages dropped so far on cut links, over the whole run. */
  readonly dropped: number;
}

export type Capability =
  | { readonly available: true; readonly how: string }
  | { readonly available: false; readonly why: string };

export interface Capabilities {
  readonly partition: Capability;
  readonly kill: Capability;
  readonly pause: Capability;
}

export interface Cluster {
  readonly kind: 'docker' | 'process' | 'sim';
  readonly nodes: readonly string[];
  readonly network: ClusterNetwork;
  /** One line: what it runs on and how, for the console and the report. */
  describe(): string;
  capabilities(): Capabilities;
  /** Starts a node on its data directory; resolves when it answers a command. */
  start(node: string): Promise<void>;
  /** Ends a node in good order. */
  stop(node: string): Promise<void>;
  /** SIGKILL; resolves when the process is gone. */
  kill(node: string): Promise<void>;
  pause(node: string): Promise<void>;
  resume(node: string): Promise<void>;
  /** Asked of the operating system or the engine, not remembered. */
  nodeState(node: string): Promise<NodeState>;
  /** How often the node has been started. */
  lives(node: string): number;
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
