/**
 * A slow disk: at most so many writes in a second, of one container to one device.
 *
 * The limit is the control group's, which a container gets anew whenever it is started.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the engine's machine. */
const controlGroups = '/engine/cgroup';
const depthMax = 6;
const oldLimit = 'blkio.throttle.write_iops_device';

export interface LimitReading {
  /** As the kernel says; null: none. */
  readonly perSecond: number | null;
  readonly readBack: string;
  /** Below the folder of the control groups. */
  readonly file: string;
  /** Writes of the container to the device so far. */
  readonly writes: number;
}

export interface WriteLimit {
  readonly reading: LimitReading;
  /** As `writes`, at another time. Throws when the container is gone. */
  countWrites(): number;
}

/** The device as the kernel names it, `7:3`; null takes the limit away. */
export function limitWrites(
  device: string,
  container: string,
  perSecond: number | null,
): WriteLimit {
  const group = findGroup(container);
  if (group === null) throw new Error('the container has no control group of block devices');
  const isOld = existsSync(join(group, oldLimit));
  const file = join(group, isOld ? oldLimit : 'io.max');
  const limit = isOld ? `${perSecond ?? 0}` : `wiops=${perSecond ?? 'max'}`;
  writeFileSync(file, `${device} ${limit}`);
  const readBack = lineOf(file, device);
  const inForce = /(?:^\S+ |wiops=)(\d+)/.exec(readBack)?.[1];
  return {
    reading: {
      perSecond: inForce === undefined ? null : Number(inForce),
      readBack,
      file: file.slice(controlGroups.length),
      writes: countWrites(group, device),
    },
    countWrites: () => countWrites(group, device),
  };
}

function countWrites(group: string, device: string): number {
  const old = join(group, 'blkio.throttle.io_serviced');
  if (!existsSync(old)) {
    return Number(/wios=(\d+)/.exec(lineOf(join(group, 'io.stat'), device))?.[1] ?? 0);
  }
  return Number(/ Write (\d+)/.exec(lineOf(old, `${device} Write`))?.[1] ?? 0);
}

function lineOf(file: string, beginning: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.find((line) => line.startsWith(`${beginning} `)) ?? '';
}

/** Where it lies depends on the engine's driver; its name holds the container's id in any case. */
function findGroup(container: string): string | null {
  const old = join(controlGroups, 'blkio');
  return findFolder(existsSync(old) ? old : controlGroups, container, depthMax);
}

function findFolder(folder: string, part: string, depth: number): string | null {
  const names = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  const found = names.find(({ name }) => name.includes(part));
  if (found !== undefined) return join(folder, found.name);
  if (depth === 0) return null;
  for (const { name } of names) {
    const below = findFolder(join(folder, name), part, depth - 1);
    if (below !== null) return below;
  }
  return null;
}
