/**
 * What a harness has made on this machine, noted while it lives, and what of it is left afterwards:
 * containers, networks, volumes, loop devices, nftables, namespaces, mounts, processes, folders.
 *
 * It asks the kernel and the engine, and nothing of what made these things.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { connectEngine, harnessLabel, runLabel } from '../cluster/docker-engine.ts';
import { workFolderPrefix } from '../cluster/work-folders.ts';

/** Of Debian's nftables. */
const tableLister = 'nft';

export interface Belongings {
  /** Of the docker cluster; null where there is none. */
  readonly runId: string | null;
  /** Each with its start time, for a process id is given out again. */
  readonly processes: readonly string[];
  /** `net:[4026531840]`: other than our own. */
  readonly namespaces: readonly string[];
  readonly folders: readonly string[];
}

/** Of the harness that runs as this process. */
export async function noteBelongings(harnessPid: number): Promise<Belongings> {
  const pids = [harnessPid, ...descendantsOf(harnessPid)];
  const own = namespacesOf('self');
  const namespaces = pids.flatMap((pid) => namespacesOf(String(pid)));
  return {
    runId: await findRun(harnessPid),
    processes: pids.flatMap((pid) => describeProcess(pid) ?? []),
    namespaces: [...new Set(namespaces)].filter((each) => !own.includes(each)),
    folders: workFolders(harnessPid),
  };
}

/** How many things it is that are noted, by kind: a proof that there was something to leave. */
export async function countBelongings(belongings: Belongings): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const thing of await findLeft(belongings)) {
    const kind = thing.slice(0, thing.indexOf(' '));
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** What is there still, a line each: `loop /dev/loop3 …`. */
export async function findLeft(belongings: Belongings): Promise<readonly string[]> {
  const { runId, processes, namespaces, folders } = belongings;
  const alive = processes.filter((each) => describeProcess(Number(each.split('@')[0])) === each);
  const held = heldNamespaces();
  return [
    ...alive.map((each) => `process ${each}`),
    ...namespaces.filter((each) => held.has(each)).map((each) => `namespace ${each}`),
    ...folders.filter((each) => workFolders(null).includes(each)).map((each) => `folder ${each}`),
    ...(runId === null ? [] : await findOfRun(runId)),
  ];
}

async function findOfRun(runId: string): Promise<readonly string[]> {
  const { docker } = await connectEngine();
  const filters = { label: [`${runLabel}=${runId}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const tableName = runId.replaceAll(/[^A-Za-z0-9]/g, '_');
  const tables = await execa(tableLister, ['list', 'tables'], { reject: false });
  const loops = loopDevices().filter((line) => line.includes(runId));
  const devices = loops.map((line) => line.split(' ')[0] ?? '');
  const mounts = linesOf('/proc/self/mountinfo').filter(
    (line) => line.includes(runId) || devices.some((device) => line.includes(` ${device} `)),
  );
  return [
    ...containers.map(({ Names: names }) => `container ${names.join(' ')}`),
    ...networks.map(({ Name: name }) => `network ${name}`),
    ...volumes.Volumes.map(({ Name: name }) => `volume ${name}`),
    ...(tables.stdout ?? '').split('\n').filter((line) => line.includes(tableName)),
    ...loops.map((line) => `loop ${line}`),
    ...mounts.map((line) => `mount ${line}`),
  ];
}

/** By the label of the harness, which holds its process id. */
async function findRun(harnessPid: number): Promise<string | null> {
  try {
    const { docker } = await connectEngine();
    const filters = { label: [runLabel] };
    const [containers, networks] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listNetworks({ filters }),
    ]);
    const labels = [...containers, ...networks].map(({ Labels: of }) => of ?? {});
    const ours = labels.find((of) => of[harnessLabel]?.split('/')[1] === String(harnessPid));
    return ours?.[runLabel] ?? null;
  } catch {
    // No engine, nothing of it.
    return null;
  }
}

/** `/dev/loop3 /images/rafture-….ext4`. */
function loopDevices(): readonly string[] {
  const names = readdirSync('/sys/block').filter((name) => name.startsWith('loop'));
  return names.flatMap((name) => {
    const [file = ''] = linesOf(`/sys/block/${name}/loop/backing_file`);
    return file === '' ? [] : [`/dev/${name} ${file}`];
  });
}

function descendantsOf(pid: number): readonly number[] {
  const parents = new Map(allPids().map((each) => [each, parentOf(each)]));
  const found = [pid];
  for (const parent of found) {
    for (const [child, of] of parents) if (of === parent) found.push(child);
  }
  return found.slice(1);
}

function allPids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function parentOf(pid: number): number | null {
  const fields = statOf(pid);
  return fields === null ? null : Number(fields[1]);
}

/** `123@4567`: its id and its start; null when there is none, or it is dead and not buried. */
function describeProcess(pid: number): string | null {
  const fields = statOf(pid);
  return fields === null || fields[0] === 'Z' ? null : `${pid}@${fields[19]}`;
}

/** Behind the name in parentheses, which may hold spaces. */
function statOf(pid: number): readonly string[] | null {
  const [line = ''] = linesOf(`/proc/${pid}/stat`);
  return line === '' ? null : line.slice(line.lastIndexOf(')') + 2).split(' ');
}

function namespacesOf(pid: string): readonly string[] {
  return ['net', 'mnt', 'user', 'pid'].flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${name}`)];
    } catch {
      return [];
    }
  });
}

/** By a process, or by a mount. */
function heldNamespaces(): ReadonlySet<string> {
  const mounted = linesOf('/proc/self/mountinfo').flatMap(
    (line) => line.match(/net:\[\d+\]/) ?? [],
  );
  return new Set([...mounted, ...allPids().flatMap((pid) => namespacesOf(String(pid)))]);
}

/** Of this harness; of all when none is named. */
function workFolders(harnessPid: number | null): readonly string[] {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(workFolderPrefix));
  const paths = names.map((name) => join(tmpdir(), name));
  if (harnessPid === null) return paths;
  return paths.filter((path) => linesOf(join(path, 'owner.pid'))[0] === String(harnessPid));
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
