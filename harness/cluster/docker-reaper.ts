/**
 * Nothing is left behind: a reaper container for each run, and a sweep for what a reaper missed.
 *
 * The reaper (docker/reaper.ts) is started before anything else of a run and ends after it. The
 * sweep touches only runs without a running reaper whose harness is known to be gone.
 */
import { createInterface } from 'node:readline';
import {
  DockerError,
  describeError,
  type Engine,
  harnessLabel,
  roleLabel,
  runLabel,
  tolerate,
} from './docker-engine.ts';
import { harnessState } from './docker-harness-identity.ts';
import { type HeldContainer, startHeldContainer } from './docker-held-container.ts';
import { imageSourceRoot } from './images/images.ts';

/** Resolves once the reaper watches. */
export async function startReaper(
  engine: Engine,
  options: { readonly runId: string; readonly image: string },
): Promise<HeldContainer> {
  const reaper = await startHeldContainer(engine, {
    ...options,
    role: 'reaper',
    entrypoint: ['node', `${imageSourceRoot}/reaper.ts`],
    env: [`RAFTURE_RUN=${options.runId}`],
    hostConfig: {
      NetworkMode: 'none',
      Binds: [`${engine.mountableSocketPath}:/var/run/docker.sock`],
    },
  });
  const errors: string[] = [];
  createInterface({ input: reaper.stderr }).on('line', (line) => errors.push(line));
  const watching = new Promise<true>((resolve) => {
    createInterface({ input: reaper.stdout }).on('line', (line) => {
      if (line === 'watching') resolve(true);
    });
  });
  const first = await Promise.race([watching, reaper.ended]);
  if (first === true) return reaper;
  const why = errors.find((line) => line.includes('Error')) ?? first;
  throw new DockerError('no-reaper', `the reaper does not start: ${why}`);
}

interface Leftovers {
  readonly containers: readonly string[];
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
}

/** Everything that carries the label of this run; of every run when none is named. */
async function findLabelled(engine: Engine, runId: string | null): Promise<Leftovers> {
  const { docker } = engine;
  const filters = { label: [runId === null ? runLabel : `${runLabel}=${runId}`] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  return {
    containers: containers.map((each) => each.Id),
    networks: networks.map((each) => each.Id),
    volumes: volumes.Volumes.map((each) => each.Name),
  };
}

/** How many containers, networks and volumes of a run there are. */
export async function countLeftovers(engine: Engine, runId: string): Promise<number> {
  const { containers, networks, volumes } = await findLabelled(engine, runId);
  return containers.length + networks.length + volumes.length;
}

/** Removes all of a run, except the container named. Gone already is as good as removed. */
export async function removeRun(
  engine: Engine,
  runId: string,
  exceptContainer: string | null,
): Promise<void> {
  const { docker } = engine;
  const { containers, networks, volumes } = await findLabelled(engine, runId);
  // 409: its removal is under way. The network and the volumes wait for it anyway.
  const removals = containers
    .filter((id) => id !== exceptContainer)
    .map((id) => tolerate([404, 409], docker.getContainer(id).remove({ force: true, v: true })));
  const failures = await settle(removals);
  failures.push(
    ...(await settle([
      ...networks.map((id) => tolerate([404], docker.getNetwork(id).remove())),
      ...volumes.map((name) => tolerate([404], docker.getVolume(name).remove({ force: true }))),
    ])),
  );
  if (failures.length > 0) throw new AggregateError(failures, describeError(failures[0]));
}

async function settle(requests: readonly Promise<void>[]): Promise<unknown[]> {
  const results = await Promise.allSettled(requests);
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}

/** Removes what runs whose harness is gone have left; returns their ids. */
export async function sweepLeftovers(engine: Engine): Promise<readonly string[]> {
  const owners = await findOwners(engine);
  const swept: string[] = [];
  for (const [runId, owner] of owners) {
    if (owner.reaperRuns || harnessState(owner.harness) !== 'gone') continue;
    await removeRun(engine, runId, null).catch(() => {});
    swept.push(runId);
  }
  return swept;
}

interface Owner {
  harness: string;
  reaperRuns: boolean;
}

async function findOwners(engine: Engine): Promise<ReadonlyMap<string, Owner>> {
  const { docker } = engine;
  const filters = { label: [runLabel] };
  const [containers, networks, volumes] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const owners = new Map<string, Owner>();
  const labelled: readonly { Labels?: { [label: string]: string } | undefined; State?: string }[] =
    [...containers, ...networks, ...volumes.Volumes.map((each) => ({ Labels: each.Labels }))];
  for (const { Labels: labels, State: state } of labelled) {
    const runId = labels?.[runLabel];
    if (runId === undefined) continue;
    const owner = owners.get(runId) ?? { harness: '', reaperRuns: false };
    owner.harness = labels?.[harnessLabel] ?? owner.harness;
    owner.reaperRuns ||= labels?.[roleLabel] === 'reaper' && state === 'running';
    owners.set(runId, owner);
  }
  return owners;
}
