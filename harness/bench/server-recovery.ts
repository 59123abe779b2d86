/**
 * How long a node needs to serve again on a long log without a snapshot, and its peak memory.
 *
 * A node serves when it has applied what was committed before its restart: it is asked, while the
 * others run on. Afterwards all three are killed and started together.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchCluster, type BenchSystem, nodeNames } from './bench-cluster.ts';
import { askInfo } from './bench-connection.ts';
import type { BenchFlags } from './server-flags.ts';
import { type LoadProgram, runLoad } from './server-load.ts';
import { readProcessMemory, readProcessorSeconds } from './server-machine.ts';

export interface RecoveryReport {
  readonly entries: number;
  readonly fillSeconds: number;
  readonly diskMb: number;
  /** A follower, restarted alone. */
  readonly listensSeconds: number;
  readonly servesSeconds: number;
  /** Until it served: on a busy machine, what its time would be on an idle one. */
  readonly processorSeconds: number;
  readonly peakResidentMb: number;
  /** All three killed and started at once, until a write is answered. */
  readonly allServeSeconds: number;
  readonly allPeakResidentMb: number;
}

const valuesPerWrite = 16;
const fillClients = 16;
const serveMsMax = 300_000;
const goalSeconds = 10;

export async function measureRecovery(
  flags: BenchFlags,
  system: BenchSystem,
  context: { readonly program: LoadProgram; readonly say: (line: string) => void },
): Promise<RecoveryReport> {
  const cluster = await BenchCluster.start(system, flags.folder);
  try {
    const entries = Math.ceil((flags.megabytes * 1024 * 1024) / flags.valueBytes);
    context.say(`writing ${entries} values of ${flags.valueBytes} bytes`);
    const fillSeconds = await fillLog(cluster, { flags, program: context.program, entries });
    context.say(`took ${fillSeconds.toFixed(0)} s; restarting a follower`);
    const leader = await cluster.findLeader();
    const follower = (leader + 1) % nodeNames.length;
    const diskMb = folderMb(join(cluster.layout.folder, nodeNames[follower] ?? ''));
    const alone = await restartOne(cluster, follower, leader);
    context.say(`served after ${alone.servesSeconds.toFixed(1)} s; restarting all`);
    const all = await restartAll(cluster);
    return { entries, fillSeconds, diskMb, ...alone, ...all };
  } finally {
    await cluster.tearDown();
  }
}

type Alone = Pick<
  RecoveryReport,
  'listensSeconds' | 'servesSeconds' | 'processorSeconds' | 'peakResidentMb'
>;

interface Filling {
  readonly flags: BenchFlags;
  readonly program: LoadProgram;
  readonly entries: number;
}

/** Returns the seconds it took. On a busy machine the lead may pass on meanwhile. */
async function fillLog(
  cluster: BenchCluster,
  { flags, program, entries }: Filling,
): Promise<number> {
  let seconds = 0;
  let left = entries;
  while (left > 0) {
    const filled = await runLoad(program, {
      store: cluster.system.store,
      endpoints: [cluster.address(await cluster.findLeader())],
      workload: 'fill',
      clients: fillClients,
      keys: flags.keys,
      valueBytes: flags.valueBytes,
      operations: left,
      pipeline: valuesPerWrite,
      seed: flags.seed,
    });
    if (filled.operations === 0) throw new Error(`filling the log: ${filled.firstError}`);
    seconds += filled.seconds;
    left -= filled.operations;
  }
  return seconds;
}

async function restartOne(cluster: BenchCluster, position: number, leader: number): Promise<Alone> {
  const committed = await readIndex(cluster, leader, 'commit_index');
  await cluster.stopNode(position, 'SIGKILL');
  const startMs = performance.now();
  cluster.startNode(position);
  await waitFor(cluster, position, 0);
  const listensSeconds = (performance.now() - startMs) / 1000;
  await waitFor(cluster, position, committed);
  const servesSeconds = (performance.now() - startMs) / 1000;
  const pid = cluster.pid(position);
  const processorSeconds = readProcessorSeconds(pid);
  const { peakResidentMb } = readProcessMemory(pid);
  return { listensSeconds, servesSeconds, processorSeconds, peakResidentMb };
}

async function restartAll(
  cluster: BenchCluster,
): Promise<Pick<RecoveryReport, 'allServeSeconds' | 'allPeakResidentMb'>> {
  const positions = [...nodeNames.keys()];
  await Promise.all(positions.map((position) => cluster.stopNode(position, 'SIGKILL')));
  const startMs = performance.now();
  for (const position of positions) cluster.startNode(position);
  await cluster.findLeader();
  const allServeSeconds = (performance.now() - startMs) / 1000;
  const peaks = cluster.pids.map((pid) => readProcessMemory(pid).peakResidentMb);
  return { allServeSeconds, allPeakResidentMb: Math.max(...peaks) };
}

async function readIndex(cluster: BenchCluster, position: number, name: string): Promise<number> {
  return Number((await askInfo(cluster.address(position))).get(name) ?? Number.NaN);
}

async function waitFor(cluster: BenchCluster, position: number, index: number): Promise<void> {
  const endMs = performance.now() + serveMsMax;
  while (performance.now() < endMs) {
    try {
      if ((await readIndex(cluster, position, 'applied_index')) >= index) return;
    } catch {
      // It does not listen yet.
    }
    await delay(20);
  }
  throw new Error(`${nodeNames[position]} has not applied ${index} in ${serveMsMax / 1000} s`);
}

function folderMb(folder: string): number {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const bytes = paths.map((path) => statSync(join(folder, path)).size);
  return bytes.reduce((sum, size) => sum + size, 0) / 1024 ** 2;
}

export function describeRecovery(report: RecoveryReport): readonly string[] {
  const { entries, fillSeconds, diskMb, listensSeconds, servesSeconds } = report;
  const verdict = servesSeconds < goalSeconds ? '' : ', missed';
  return [
    `log: ${entries} entries, ${diskMb.toFixed(0)} MB on each disk, written in ` +
      `${fillSeconds.toFixed(0)} s (${(entries / fillSeconds).toFixed(0)} a second)`,
    `a follower alone: listens after ${listensSeconds.toFixed(2)} s, has applied all after ` +
      `${servesSeconds.toFixed(2)} s (goal: below ${goalSeconds}${verdict}) and ` +
      `${report.processorSeconds.toFixed(2)} s of processor time; ` +
      `peak ${report.peakResidentMb.toFixed(0)} MB resident`,
    `all three at once: a write is answered after ${report.allServeSeconds.toFixed(2)} s; ` +
      `peak ${report.allPeakResidentMb.toFixed(0)} MB resident`,
  ];
}
