/**
 * The plan of a simulation: its seed, its nodes, and how bad its world is.
 *
 * The seed decides everything else. Each part of the simulation draws from a stream with a name of
 * its own, so that one more number drawn in one part shifts nothing in another.
 */
import type { LogLevel } from '../../server/host.ts';
import type { NodeSizes } from '../../server/node-options.ts';
import type { Message } from '../../server/raft/message.ts';
import type { TraceEvent } from '../../server/trace.ts';
import { createRandomStream, type RandomSource, randomInteger } from '../run/random.ts';
import type { CrashAt } from './crash-plan.ts';
import type { DiskLatencies } from './disk-timing.ts';
import type { Latency } from './latency.ts';
import { ownServerCode, type ServerCode } from './server-code.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** The first members, all of them voters. */
  readonly nodes: readonly string[];
  /** Nodes that begin without a cluster and wait until they are added to it. Default none. */
  readonly joiners?: readonly string[];
  /** The same, and not started with the others: faults may. Default none. */
  readonly spares?: readonly string[];
  /** The share of messages between nodes that are lost, in [0, 1). Default 0. */
  readonly dropProbability?: number;
  /** The share of messages between nodes that come twice, in [0, 1). Default 0. */
  readonly duplicateProbability?: number;
  /** The share of messages between nodes that take long, in [0, 1]. Default 0.02. */
  readonly slowProbability?: number;
  /** So long at most. Default 60. */
  readonly slowMs?: number;
  /** The share of messages with which an old one comes again, in [0, 1). Default 0. */
  readonly replayProbability?: number;
  /** The share of crashes that take the power of the machine along, in [0, 1]. Default 1. */
  readonly powerProbability?: number;
  /** Ticks and disks of a node are faster or slower by a factor of up to 1 + this. Default 0. */
  readonly pace?: number;
  /** The share of power losses that tear writes at sectors, in [0, 1]. Default 0. */
  readonly tearProbability?: number;
  /** The share of power losses after which what is left is no prefix, in [0, 1]. Default 0. */
  readonly reorderProbability?: number;
  readonly tickMs?: number;
  readonly heartbeatTicks?: number;
  readonly electionTicks?: number;
  /** Log entries after which a node takes a snapshot. Default drawn from 50 to 799. */
  readonly snapshotEntries?: number;
  /** Log entries that are kept before a snapshot. Default drawn from 0 to 100. */
  readonly trailingEntries?: number;
  /** Of the log on disk. Default drawn from 4 to 64 KiB. */
  readonly segmentBytes?: number;
  /** Of what is rare because it is large. Default the server's own. */
  readonly sizes?: NodeSizes;
  /** The server checks its invariants after every step. Default true. */
  readonly checkDeeply?: boolean;
  /** Where nodes crash, losing their power. Default nowhere. */
  readonly crashAt?: readonly CrashAt[];
  /** Hears of every change of state of every node. Default null: the nodes do not tell. */
  readonly onTraceEvent?: ((event: NodeTraceEvent) => void) | null;
  /** Hears of every message and every read. Default null. */
  readonly watcher?: Watcher | null;
  /** Log events below it are not kept. Default `info`. */
  readonly logLevel?: LogLevel;
  /** A run that takes longer in virtual time is given up. Default an hour. */
  readonly virtualTimeLimitMs?: number;
  /** Makes real clocks, timers and Math.random throw while events run. Default false. */
  readonly trapImpurity?: boolean;
  /** What the nodes run: `loadServerCode` has that of another folder. Default this checkout's. */
  readonly server?: ServerCode;
}

/** What a node's code told of itself, and when. */
export interface NodeTraceEvent {
  readonly node: string;
  /** Which of the node's lives it was, 1 for the first. */
  readonly life: number;
  readonly timeUs: number;
  readonly told: TraceEvent;
}

/** A node sends a message; whether it arrives is another matter. */
export interface NodeMessage {
  readonly node: string;
  readonly life: number;
  readonly timeUs: number;
  readonly to: string;
  readonly message: Message;
}

/** A node answers a read of a client. */
export interface NodeRead {
  readonly node: string;
  readonly life: number;
  readonly timeUs: number;
  /** What `committedIndex` was when it was asked. */
  readonly askedAt: number;
  /** Of the state that it is answered from. */
  readonly appliedIndex: number;
}

/** Who watches more than the changes of state. */
export interface Watcher {
  /** Entries that anybody took for committed so far. */
  readonly committedIndex: number;
  observeMessage(message: NodeMessage): void;
  observeRead(read: NodeRead): void;
}

export interface SimulationPlan extends Required<SimulationOptions> {
  readonly randomStream: (name: string) => RandomSource;
  readonly peerLatency: Latency;
  readonly clientLatency: Latency;
  readonly diskLatencies: DiskLatencies;
  /** From the start of a process to the moment in which its code runs. */
  readonly bootLatency: Latency;
}

/** Throws RangeError for a plan that cannot be carried out. */
export function planSimulation(options: SimulationOptions): SimulationPlan {
  const { seed, nodes, joiners = [], dropProbability = 0, duplicateProbability = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be whole, not ${seed}`);
  if (nodes.length === 0) throw new RangeError('a simulation needs at least one node');
  const { spares = [], slowProbability = 0.02, slowMs = 60 } = options;
  const all = [...nodes, ...joiners, ...spares];
  if (new Set(all).size !== all.length) throw new RangeError(`a node twice: ${all.join()}`);
  for (const probability of [dropProbability, duplicateProbability]) {
    if (!(probability >= 0 && probability < 1)) {
      throw new RangeError(`a probability must be in [0, 1), not ${probability}`);
    }
  }
  const stranger = options.crashAt?.find(({ node }) => !all.includes(node));
  if (stranger !== undefined) throw new RangeError(`no node is called ${stranger.node}`);
  return {
    seed,
    nodes,
    joiners,
    spares,
    dropProbability,
    duplicateProbability,
    slowProbability,
    slowMs,
    replayProbability: options.replayProbability ?? 0,
    powerProbability: options.powerProbability ?? 1,
    pace: options.pace ?? 0,
    tearProbability: options.tearProbability ?? 0,
    reorderProbability: options.reorderProbability ?? 0,
    tickMs: options.tickMs ?? 20,
    heartbeatTicks: options.heartbeatTicks ?? 3,
    electionTicks: options.electionTicks ?? 15,
    ...drawSizes(createRandomStream(seed, 'sizes'), options),
    sizes: options.sizes ?? {},
    checkDeeply: options.checkDeeply ?? true,
    crashAt: options.crashAt ?? [],
    onTraceEvent: options.onTraceEvent ?? null,
    watcher: options.watcher ?? null,
    logLevel: options.logLevel ?? 'info',
    virtualTimeLimitMs: options.virtualTimeLimitMs ?? 3_600_000,
    trapImpurity: options.trapImpurity ?? false,
    server: options.server ?? ownServerCode,
    randomStream: (name) => createRandomStream(seed, name),
    ...latencies,
    peerLatency: { ...latencies.peerLatency, slowProbability, slowUs: slowMs * 1000 },
  };
}

const latencies: Pick<
  SimulationPlan,
  'peerLatency' | 'clientLatency' | 'diskLatencies' | 'bootLatency'
> = {
  peerLatency: { fromUs: 100, toUs: 2000, slowProbability: 0.02, slowUs: 60_000 },
  clientLatency: { fromUs: 50, toUs: 1000, slowProbability: 0.01, slowUs: 20_000 },
  diskLatencies: {
    access: { fromUs: 10, toUs: 100, slowProbability: 0.005, slowUs: 10_000 },
    sync: { fromUs: 200, toUs: 2000, slowProbability: 0.01, slowUs: 60_000 },
  },
  bootLatency: { fromUs: 1000, toUs: 60_000, slowProbability: 0.05, slowUs: 500_000 },
};

/**
 * Small, so that snapshots and compaction happen in a run of seconds: what goes wrong there shows
 * only when a follower needs what the leader no longer has.
 */
function drawSizes(
  random: RandomSource,
  options: SimulationOptions,
): Pick<SimulationPlan, 'snapshotEntries' | 'trailingEntries' | 'segmentBytes'> {
  // Each magnitude as often as another: drawn evenly from all, it would rarely be below 100.
  const magnitude = 50 << randomInteger(random, 4);
  const snapshotEntries = magnitude + randomInteger(random, magnitude);
  const trailingEntries = randomInteger(random, 3) * randomInteger(random, 51);
  const segmentBytes = 4096 << randomInteger(random, 5);
  return {
    snapshotEntries: options.snapshotEntries ?? snapshotEntries,
    trailingEntries: options.trailingEntries ?? trailingEntries,
    segmentBytes: options.segmentBytes ?? segmentBytes,
  };
}
