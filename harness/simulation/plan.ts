/**
 * The plan of a simulation: its seed, its nodes, and how bad its world is.
 *
 * The seed decides everything else. Each part of the simulation draws from a stream with a name of
 * its own, so that one more number drawn in one part shifts nothing in another.
 */
import type { LogLevel } from '../../server/host.ts';
import { createRandomStream, type RandomSource } from '../run/random.ts';
import type { DiskLatencies } from './disk.ts';
import type { Latency } from './latency.ts';
import { ownServerCode, type ServerCode } from './server-code.ts';

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: readonly string[];
  /** The share of messages between nodes that are lost, in [0, 1). Default 0. */
  readonly dropProbability?: number;
  /** The share of messages between nodes that come twice, in [0, 1). Default 0. */
  readonly duplicateProbability?: number;
  readonly tickMs?: number;
  readonly heartbeatTicks?: number;
  readonly electionTicks?: number;
  /** Log events below it are not kept. Default `info`. */
  readonly logLevel?: LogLevel;
  /** A run that takes longer in virtual time is given up. Default an hour. */
  readonly virtualTimeLimitMs?: number;
  /** Makes real clocks, timers and Math.random throw while events run. Default false. */
  readonly trapImpurity?: boolean;
  /** What the nodes run: `loadServerCode` has that of another folder. Default this checkout's. */
  readonly server?: ServerCode;
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
  const { seed, nodes, dropProbability = 0, duplicateProbability = 0 } = options;
  if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be whole, not ${seed}`);
  if (nodes.length === 0) throw new RangeError('a simulation needs at least one node');
  if (new Set(nodes).size !== nodes.length) throw new RangeError(`a node twice: ${nodes.join()}`);
  for (const probability of [dropProbability, duplicateProbability]) {
    if (!(probability >= 0 && probability < 1)) {
      throw new RangeError(`a probability must be in [0, 1), not ${probability}`);
    }
  }
  return {
    seed,
    nodes,
    dropProbability,
    duplicateProbability,
    tickMs: options.tickMs ?? 20,
    heartbeatTicks: options.heartbeatTicks ?? 3,
    electionTicks: options.electionTicks ?? 15,
    logLevel: options.logLevel ?? 'info',
    virtualTimeLimitMs: options.virtualTimeLimitMs ?? 3_600_000,
    trapImpurity: options.trapImpurity ?? false,
    server: options.server ?? ownServerCode,
    randomStream: (name) => createRandomStream(seed, name),
    peerLatency: { fromUs: 100, toUs: 2000, slowProbability: 0.02, slowUs: 60_000 },
    clientLatency: { fromUs: 50, toUs: 1000, slowProbability: 0.01, slowUs: 20_000 },
    diskLatencies: {
      access: { fromUs: 10, toUs: 100, slowProbability: 0.005, slowUs: 10_000 },
      sync: { fromUs: 200, toUs: 2000, slowProbability: 0.01, slowUs: 60_000 },
    },
    bootLatency: { fromUs: 1000, toUs: 60_000, slowProbability: 0.05, slowUs: 500_000 },
  };
}
