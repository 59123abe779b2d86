/** What `rafture doctor` says of the machine: who asks, on what, and with which tools. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { arch, availableParallelism, release, type, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { readVersions } from './versions.ts';

export interface MachineReport {
  readonly rafture: string;
  readonly node: string;
  readonly kernel: string;
  readonly cores: number;
  readonly user: string;
  readonly isRoot: boolean;
  /** `v1`, `v2`, or `none` where there are no control groups. */
  readonly cgroup: string;
  /** By name, where each is found; null: nowhere. */
  readonly tools: Readonly<Record<string, string | null>>;
}

/** Programs that one cluster or another uses; what is missing is no fault by itself. */
const toolNames = [
  ...['docker', 'dockerd', 'nft', 'ip', 'tc', 'unshare', 'nsenter', 'losetup'],
  ...['mkfs.ext4', 'iptables', 'perl'],
] as const;

export function examineMachine(): MachineReport {
  const { username, uid } = userInfo();
  return {
    rafture: readVersions()['rafture'] ?? 'unknown',
    node: process.versions.node,
    kernel: `${type()} ${release()} ${arch()}`,
    cores: availableParallelism(),
    user: username,
    isRoot: uid === 0,
    cgroup: cgroupVersion(),
    tools: Object.fromEntries(toolNames.map((name) => [name, findTool(name)])),
  };
}

function cgroupVersion(): string {
  if (existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'v2';
  if (existsSync('/sys/fs/cgroup') && readOr('/proc/cgroups', '') !== '') return 'v1';
  return 'none';
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return otherwise;
  }
}

/** Where the shell would find it, or a superuser's shell. */
function findTool(name: string): string | null {
  const path = (process.env['PATH'] ?? '').split(delimiter);
  const folders = [...path, '/usr/sbin', '/sbin', '/usr/local/sbin'].filter((each) => each !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
