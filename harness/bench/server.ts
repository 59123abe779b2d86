/**
 * `npm run bench:server`: what three nodes of the reference server on this machine do in a second.
 *
 * Each node syncs its log to disk before it counts. Clients wait for each reply before they ask
 * again, so the rate at one client is the latency of one operation. The nodes, and the clients too,
 * share this machine: the figures are for comparing one version with the next, not for bragging.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchCluster, startBenchCluster } from './bench-cluster.ts';
import { BenchConnection } from './bench-connection.ts';

interface Phase {
  readonly name: 'writes' | 'reads';
  readonly clientCount: number;
}

interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errorCount: number;
}

const keyCount = 1000;
const value = 'v'.repeat(256);
const warmUpMs = 1000;
const phases: readonly Phase[] = [
  { name: 'writes', clientCount: 1 },
  { name: 'writes', clientCount: 64 },
  { name: 'reads', clientCount: 1 },
  { name: 'reads', clientCount: 64 },
];

async function measure(port: number, phase: Phase, seconds: number): Promise<Figures> {
  const opening = Array.from({ length: phase.clientCount }, () => BenchConnection.open(port));
  const connections = await Promise.all(opening);
  const startMs = performance.now() + warmUpMs;
  const endMs = startMs + seconds * 1000;
  const latenciesMs: number[] = [];
  let errorCount = 0;
  let nextKey = 0;
  const work = async (connection: BenchConnection) => {
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      const key = `key-${nextKey++ % keyCount}`;
      const request = phase.name === 'writes' ? ['SET', key, value] : ['GET', key];
      const line = await connection.request(request);
      const doneMs = performance.now();
      if (line.startsWith('-')) errorCount += 1;
      else if (nowMs >= startMs && doneMs <= endMs) latenciesMs.push(doneMs - nowMs);
      nowMs = doneMs;
    }
    connection.close();
  };
  await Promise.all(connections.map(work));
  latenciesMs.sort((a, b) => a - b);
  return {
    perSecond: latenciesMs.length / seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    errorCount,
  };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** What the disk below the nodes does by itself: without it the figures say nothing. */
function measureSync(folder: string): number {
  const fd = openSync(join(folder, 'sync-probe'), 'w');
  const latenciesMs = Array.from({ length: 200 }, () => {
    const startMs = performance.now();
    writeSync(fd, value);
    fdatasyncSync(fd);
    return performance.now() - startMs;
  });
  closeSync(fd);
  return quantile(
    latenciesMs.sort((a, b) => a - b),
    0.5,
  );
}

async function run(cluster: BenchCluster, seconds: number): Promise<void> {
  const syncMs = measureSync(cluster.folder);
  console.log(
    `three nodes, each with its log synced to ${cluster.folder}; ${value.length}-byte values; ` +
      `${seconds} s each; ${cpus().length} cores; one fdatasync ${syncMs.toFixed(2)} ms (p50)\n`,
  );
  console.log('operation  clients  per second   p50 ms   p99 ms  errors');
  for (const phase of phases) {
    const figures = await measure(cluster.leaderPort, phase, seconds);
    const cells = [
      phase.name.padEnd(9),
      String(phase.clientCount).padStart(7),
      figures.perSecond.toFixed(0).padStart(10),
      figures.p50Ms.toFixed(2).padStart(7),
      figures.p99Ms.toFixed(2).padStart(7),
      String(figures.errorCount).padStart(6),
    ];
    console.log(cells.join('  '));
  }
}

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '4' }, folder: { type: 'string' } },
});
const cluster = await startBenchCluster(options.folder);
try {
  await run(cluster, Number(options.seconds));
} finally {
  await cluster.tearDown();
}
