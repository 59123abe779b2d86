/**
 * Operations per second, latencies and processor time: the reference server and its rival in
 * interleaved rounds.
 *
 * Both run through a round, side by side, and take their turns phase by phase: what the machine
 * does besides hits both alike, and a ratio compares two figures that were taken seconds apart.
 */
import { BenchCluster, type BenchSystem } from './bench-cluster.ts';
import type { BenchFlags } from './server-flags.ts';
import {
  fillKeys,
  type LoadProgram,
  type LoadRequest,
  type LoadResult,
  runLoad,
} from './server-load.ts';
import { readLoad } from './server-machine.ts';

export interface Phase {
  readonly name: string;
  readonly workload: 'write' | 'read';
  readonly clients: number;
  readonly endpoints: 'leader' | 'all';
}

/** The busiest first: a server that has just been started becomes warm by them. */
export const phases: readonly Phase[] = [
  { name: 'writes, 64 clients', workload: 'write', clients: 64, endpoints: 'leader' },
  { name: 'reads, 64 clients', workload: 'read', clients: 64, endpoints: 'leader' },
  { name: 'writes, 1 client', workload: 'write', clients: 1, endpoints: 'leader' },
  { name: 'reads, 1 client', workload: 'read', clients: 1, endpoints: 'leader' },
  { name: 'reads, 64, all nodes', workload: 'read', clients: 64, endpoints: 'all' },
];

export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Processor time for each operation: of the three servers together, and of the generator. */
  readonly serverMicros: number;
  readonly loadMicros: number;
  /** Processors that were busy with something else: other work on this machine. */
  readonly otherCores: number;
  readonly errors: number;
  readonly firstError: string;
}

export interface Measurement {
  readonly round: number;
  readonly phase: string;
  readonly system: string;
  /** Of the machine over the last minute, before it. */
  readonly load: number;
  readonly figures: Figures;
}

export interface Rivals {
  readonly program: LoadProgram;
  readonly systems: readonly BenchSystem[];
  readonly say: (line: string) => void;
}

export async function measureThroughput(
  flags: BenchFlags,
  rivals: Rivals,
): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (let round = 1; round <= flags.rounds; round += 1) {
    rivals.say(`round ${round} of ${flags.rounds}; load ${readLoad()[0]}`);
    measurements.push(...(await measureRound(flags, rivals, round)));
  }
  return measurements;
}

async function measureRound(
  flags: BenchFlags,
  rivals: Rivals,
  round: number,
): Promise<readonly Measurement[]> {
  const clusters: BenchCluster[] = [];
  const measurements: Measurement[] = [];
  try {
    for (const system of rivals.systems) {
      const cluster = await BenchCluster.start(system, flags.folder);
      clusters.push(cluster);
      const target = await describeTarget(cluster, flags);
      await fillKeys(rivals.program, { ...target, endpoints: [target.leader] });
    }
    for (const phase of phases.filter(({ name }) => name.includes(flags.phase))) {
      for (const cluster of clusters) {
        const load = readLoad()[0] ?? Number.NaN;
        const figures = await measurePhase(cluster, phase, { flags, program: rivals.program });
        const system = cluster.system.name;
        measurements.push({ round, phase: phase.name, system, load, figures });
      }
    }
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.tearDown()));
  }
  return measurements;
}

type Target = Pick<LoadRequest, 'store' | 'connections' | 'keys' | 'valueBytes' | 'seed'>;

async function describeTarget(
  cluster: BenchCluster,
  flags: BenchFlags,
): Promise<Target & { readonly leader: string }> {
  const { keys, valueBytes, seed, etcdConnections } = flags;
  return {
    store: cluster.system.store,
    leader: cluster.address(await cluster.findLeader()),
    connections: etcdConnections,
    keys,
    valueBytes,
    seed,
  };
}

interface PhaseContext {
  readonly flags: BenchFlags;
  readonly program: LoadProgram;
}

async function measurePhase(
  cluster: BenchCluster,
  phase: Phase,
  { flags, program }: PhaseContext,
): Promise<Figures> {
  const target = await describeTarget(cluster, flags);
  const request: LoadRequest = {
    ...target,
    endpoints: phase.endpoints === 'all' ? cluster.addresses : [target.leader],
    workload: phase.workload,
    clients: phase.clients,
    warmUpMs: Math.round(flags.warmUpSeconds * 1000),
    durationMs: Math.round(flags.seconds * 1000),
    pids: cluster.pids,
  };
  return toFigures(await runLoad(program, request));
}

export function toFigures(result: LoadResult): Figures {
  const serverMs = result.serverCpuMs.reduce((sum, ms) => sum + ms, 0);
  const otherMs = result.machineCpuMs - serverMs - result.loadCpuMs;
  return {
    perSecond: result.operations / result.seconds,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    maxMs: result.maxMs,
    serverMicros: (serverMs * 1000) / result.operations,
    loadMicros: (result.loadCpuMs * 1000) / result.operations,
    otherCores: Math.max(0, otherMs / 1000 / result.seconds),
    errors: result.errors,
    firstError: result.firstError,
  };
}
