/**
 * The machine below a measurement, and what Linux says of a process: without them the figures say
 * nothing. Where there is no /proc, it says that it does not know.
 */
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { median, quantile } from './server-statistics.ts';

export interface Machine {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly filesystem: string;
  readonly syncP50Ms: number;
  readonly syncP99Ms: number;
  /** Over one, five and fifteen minutes. */
  readonly load: readonly number[];
  readonly node: string;
}

const syncCount = 300;
const syncBytes = 256;

export function describeMachine(folder: string): Machine {
  const syncsMs = measureSyncs(folder);
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGb: totalmem() / 1024 ** 3,
    kernel: `${platform()} ${release()} ${arch()}`,
    filesystem: findFilesystem(readText('/proc/self/mountinfo'), folder),
    syncP50Ms: median(syncsMs),
    syncP99Ms: quantile(syncsMs, 0.99),
    load: readLoad(),
    node: process.version,
  };
}

export function readLoad(): readonly number[] {
  return loadavg().map((load) => Math.round(load * 100) / 100);
}

/** What one small append with one fdatasync takes. */
function measureSyncs(folder: string): readonly number[] {
  const path = join(folder, `rafture-sync-probe-${process.pid}`);
  const fd = openSync(path, 'w');
  try {
    const bytes = Buffer.alloc(syncBytes, 'x');
    return Array.from({ length: syncCount }, () => {
      const startMs = performance.now();
      writeSync(fd, bytes);
      fdatasyncSync(fd);
      return performance.now() - startMs;
    });
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}

/** The type of the longest mount point that holds the folder. */
export function findFilesystem(mountinfo: string, folder: string): string {
  let best = { point: '', type: 'unknown' };
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const point = before.split(' ')[4] ?? '';
    const type = after.split(' ')[0] ?? '';
    const holds = point === '/' || folder === point || folder.startsWith(`${point}/`);
    if (point !== '' && holds && point.length >= best.point.length) best = { point, type };
  }
  return best.type;
}

export interface ProcessMemory {
  readonly residentMb: number;
  readonly peakResidentMb: number;
}

/** NaN for what cannot be read: the process is gone, or the system is not Linux. */
export function readProcessMemory(pid: number): ProcessMemory {
  return parseProcessMemory(readText(`/proc/${pid}/status`));
}

export function parseProcessMemory(status: string): ProcessMemory {
  const megabytes = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? Number.NaN : Number(kilobytes) / 1024;
  };
  return { residentMb: megabytes('VmRSS'), peakResidentMb: megabytes('VmHWM') };
}

/** Processor time of a process up to now; NaN where it cannot be read. */
export function readProcessorSeconds(pid: number): number {
  return parseProcessorSeconds(readText(`/proc/${pid}/stat`));
}

/** Of utime and stime, in hundredths of a second. The name in parentheses may hold blanks. */
export function parseProcessorSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) / 100;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
