/** Resident memory of the nodes under load with snapshots on: how fast it rises, if it does. */
import { BenchCluster, type BenchSystem, nodeNames } from './bench-cluster.ts';
import type { BenchFlags } from './server-flags.ts';
import { fillKeys, type LoadProgram, type LoadResult, runLoad } from './server-load.ts';
import { readProcessMemory } from './server-machine.ts';
import { type Point, slopeOf } from './server-statistics.ts';

export interface MemoryReport {
  readonly minutes: number;
  readonly load: LoadResult;
  readonly nodes: readonly NodeMemory[];
}

export interface NodeMemory {
  readonly name: string;
  /** x in minutes, y in MB. */
  readonly samples: readonly Point[];
  /** After the warm-up: MB a minute. */
  readonly slope: number;
  readonly peakResidentMb: number;
}

interface MemoryContext {
  readonly program: LoadProgram;
  readonly say: (line: string) => void;
}

const sampleMs = 5000;
const samplesPerLine = 6;
/** What a heap does until it has found its size is not counted: three minutes of ten. */
const settledShare = 0.3;
const goalPerMinute = 1;

export async function measureMemory(
  flags: BenchFlags,
  system: BenchSystem,
  context: MemoryContext,
): Promise<MemoryReport> {
  const cluster = await BenchCluster.start(system, flags.folder);
  try {
    const { keys, valueBytes, seed, minutes } = flags;
    const endpoints = [cluster.address(await cluster.findLeader())];
    const target = { store: system.store, endpoints, keys, valueBytes, seed };
    await fillKeys(context.program, target);
    const sampler = startSampler(cluster.pids, context.say);
    const load = await runLoad(context.program, {
      ...target,
      workload: 'mixed',
      clients: flags.clients,
      warmUpMs: 0,
      durationMs: minutes * 60_000,
      pids: cluster.pids,
    }).finally(sampler.stop);
    const nodes = cluster.pids.map((pid, position) => {
      const samples = sampler.samples[position] ?? [];
      return {
        name: nodeNames[position] ?? '',
        samples,
        slope: slopeAfterSettling(samples, minutes),
        peakResidentMb: readProcessMemory(pid).peakResidentMb,
      };
    });
    return { minutes, load, nodes };
  } finally {
    await cluster.tearDown();
  }
}

interface Sampler {
  /** For each process. */
  readonly samples: readonly (readonly Point[])[];
  readonly stop: () => void;
}

function startSampler(pids: readonly number[], say: (line: string) => void): Sampler {
  const samples: Point[][] = pids.map(() => []);
  const startMs = performance.now();
  const sample = () => {
    const minutes = (performance.now() - startMs) / 60_000;
    const now = pids.map((pid) => readProcessMemory(pid).residentMb);
    for (const [position, y] of now.entries()) samples[position]?.push({ x: minutes, y });
    if ((samples[0]?.length ?? 0) % samplesPerLine !== 1) return;
    say(`${minutes.toFixed(1)} min: ${now.map((y) => y.toFixed(0)).join(' ')} MB`);
  };
  sample();
  const timer = setInterval(sample, sampleMs);
  return { samples, stop: () => clearInterval(timer) };
}

export function slopeAfterSettling(samples: readonly Point[], minutes: number): number {
  return slopeOf(samples.filter(({ x }) => x >= minutes * settledShare));
}

export function describeMemory({ minutes, load, nodes }: MemoryReport): readonly string[] {
  const perSecond = (load.operations / load.seconds).toFixed(0);
  const settled = (minutes * settledShare).toFixed(1);
  const at = (samples: readonly Point[], share: number) =>
    samples.find(({ x }) => x >= minutes * share)?.y ?? samples.at(-1)?.y ?? Number.NaN;
  const missing =
    load.operations === 0 || load.errors > 0
      ? [`errors: ${load.errors}, such as: ${load.firstError}`]
      : [];
  return [
    `${minutes} minutes, ${perSecond} operations per second (half of them writes)`,
    ...missing,
    `node   MB at 0   at ${settled} min    at end   peak   slope after ${settled} min`,
    ...nodes.map(({ name, samples, slope, peakResidentMb }) =>
      [
        name.padEnd(4),
        at(samples, 0).toFixed(0).padStart(10),
        at(samples, settledShare).toFixed(0).padStart(13),
        (samples.at(-1)?.y ?? Number.NaN).toFixed(0).padStart(10),
        peakResidentMb.toFixed(0).padStart(7),
        `${slope.toFixed(2)} MB a minute`.padStart(20),
        slope < goalPerMinute ? '  (goal: below 1)' : '  (goal: below 1, missed)',
      ].join(''),
    ),
  ];
}
