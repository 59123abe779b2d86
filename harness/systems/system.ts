/**
 * The system under test: how a node of it is started, and how a client talks to it.
 *
 * A cluster runs the command wherever it runs things; it knows nothing else about the system.
 */
import type { Client } from '../client.ts';
import type { ByteStream, Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { CheckerChanges } from '../workload.ts';

/** Where a node of the system lives, as its cluster laid it out. */
export interface NodePlace {
  /** No two clusters have the same. Letters, digits, `_`, `.` and `-`. */
  readonly clusterId: string;
  readonly node: string;
  /** Addresses to listen on. */
  readonly listenHost: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDirectory: string;
  /** It is no member at first: it waits to be added. */
  readonly joins: boolean;
  /** Something for faults: where the node is to keep what a power loss would take (or null). */
  readonly faultDiskFolder: string | null;
  /** Where to write trace events (raft-event.ts) as JSON lines; null: nowhere. */
  readonly traceFile: string | null;
  /** The other nodes, spares too, as this node reaches them (through a proxy, perhaps). */
  readonly peers: readonly { readonly node: string; readonly address: string }[];
  /** Which of all nodes are no members at first. Default none. */
  readonly spares?: readonly string[];
  /** Every node, as clients reach it. */
  readonly clientAddresses: readonly { readonly node: string; readonly address: string }[];
}

/** What a node says of itself. Fields it does not tell are absent. */
export interface Introspection {
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastLogIndex: number;
  readonly firstLogIndex?: number;
  readonly snapshotsInstalled?: number;
  /** What waits to be answered. */
  readonly waitingWrites?: number;
  readonly waitingReads?: number;
  /** To whom it hands leadership over; null: to nobody. */
  readonly transferringTo?: string | null;
  /** What the system calls the version that the node runs. */
  readonly version?: string;
}

/** Where an operator works from. */
export interface OperatorDesk {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  /** Who leads, as far as anybody knows. */
  readonly leader: string | null;
}

/**
 * What an operator can ask of the system, each where the system has it. Each resolves to what the
 * system answered, for the evidence, and rejects with its refusal.
 */
export interface Operator {
  /** To this node, or to whom the system likes. Resolves when it was answered. */
  transferLeadership?(desk: OperatorDesk, to: string | null): Promise<string>;
  readonly members?: {
    /** The node runs already (as `place.joins`) and becomes a voter. */
    add(desk: OperatorDesk, node: string): Promise<string>;
    remove(desk: OperatorDesk, node: string): Promise<string>;
    /** The voters, as the node says. */
    list(desk: OperatorDesk, node: string): Promise<readonly string[]>;
  };
  /** The node takes a snapshot of its state and drops its log up to there. */
  forceSnapshot?(desk: OperatorDesk, node: string): Promise<string>;
  readonly crashPoints?: {
    /** Of those that a run passes in any case come first. */
    readonly names: readonly string[];
    /** The node is to end, as by SIGKILL, at the n-th passage of the point from now on. */
    arm(desk: OperatorDesk, node: string, name: string, passage: number): Promise<string>;
    disarm(desk: OperatorDesk, node: string): Promise<string>;
    /** Whether a line of a node's log says that it ends at this point. */
    isReached(line: string, name: string): boolean;
  };
}

/**
 * What a fault does to a node that may end it: its disk fails; its files are harmed or gone while
 * it is down; it was asked to end at a place of its code.
 */
export type EndCause = 'disk' | 'damage' | 'crash-point';

export interface ClientOptions {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
  /** What the operations are about: a name of the system's `objects`. */
  readonly object: string;
  /** Goes on to the node that a definite refusal names. Otherwise the refusal is a `fail`. */
  readonly followRedirects: boolean;
}

export interface System {
  readonly name: string;
  /** What it offers: for each object the operations, by their `f`, that its clients know. */
  readonly objects: Readonly<Record<string, readonly string[]>>;
  /** Texts in a node's log, as regular expressions, that say that it has broken. */
  readonly crashPatterns: readonly string[];
  /**
   * Regular expressions of what a node's end may be put down to when a fault is the cause of it:
   * held against the reason, as clusters word it (`UnexpectedExit`), and against the lines of its
   * log. Any other end is its own. Left out: a fault excuses every end, and every line meanwhile.
   */
  readonly excusedEnds?: Readonly<Record<EndCause, readonly string[]>>;
  /** What it changes in the list of checkers that always run. */
  readonly checkers?: CheckerChanges;
  /** Whether it writes trace events where `NodePlace.traceFile` says. */
  readonly traces: boolean;
  /**
   * Arguments of a node: `executable` runs `arguments`. Paths below the source root are relative
   * to the root that the cluster puts the sources at.
   */
  command(place: NodePlace, sourceRoot: string): readonly string[];
  /** True once the node answers a command (any answer of the protocol counts). */
  isReady(stream: ByteStream, timers: HarnessTimers): Promise<boolean>;
  createClient(options: ClientOptions): Client;
  readonly operator: Operator;
  /** Whether it can run on a disk of its own that loses what was not synced (`faultDiskFolder`). */
  readonly hasFaultDisk: boolean;
  /**
   * Names, with `*`, of the files in a data directory that grow by appending: a crash may tear
   * their tail, and the system repairs it.
   */
  readonly logFiles?: string;
  /** Peers refuse a node that comes back under its name with an empty disk. Default false. */
  readonly refusesWipedNodes?: boolean;
  /** A node whose files were damaged where others prove it does not start. Default false. */
  readonly refusesDamagedFiles?: boolean;
  /** Whether its nodes tell anything of themselves; where they do not, `introspect` gives null. */
  readonly introspects: boolean;
  introspect(stream: ByteStream, timers: HarnessTimers): Promise<Introspection | null>;
  /** Whether the node answers a read that must see all that was acknowledged before. */
  answersRead?(stream: ByteStream, timers: HarnessTimers): Promise<boolean>;
  /** The node's state in one number, and as of which index; null when it does not answer. */
  hashState?(
    stream: ByteStream,
    timers: HarnessTimers,
  ): Promise<{ readonly appliedIndex: number; readonly hash: string } | null>;
}
