/**
 * The standing cluster: containers that stay up until a person takes them down.
 *
 * No harness owns it, so no reaper and no sweep touches it: whatever is made carries its name from
 * the first moment, and by that name all of it goes again, half-made or whole.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reference } from '../systems/reference.ts';
import type { NodePlace } from '../systems/system.ts';
import {
  connectEngine,
  DockerError,
  type Engine,
  harnessLabel,
  nodeLabel,
  roleLabel,
  runLabel,
} from './docker-engine.ts';
import { standing } from './docker-harness-identity.ts';
import { type ClusterNetworkPlan, createNetwork } from './docker-network.ts';
import { readContainerLog } from './docker-node.ts';
import { countLeftovers, removeRun } from './docker-reaper.ts';
import { isFree } from './free-ports.ts';
import {
  type ImageSource,
  imageSourceRoot,
  prepareBaseImage,
  prepareServerImage,
} from './images/images.ts';
import { awaitServingLeader } from './serving-leader.ts';

export interface StandingOptions {
  /** By which it is found again. Letters, digits, `_`, `.` and `-`. */
  readonly name: string;
  readonly nodes: readonly string[];
  /** Of 127.0.0.1, for the first node; the others have the next ones. */
  readonly firstPort: number;
  readonly images: ImageSource;
  readonly onProgress: (line: string) => void;
  /** What is half-made when it comes is removed. */
  readonly signal: AbortSignal;
}

export interface StandingNode {
  readonly node: string;
  readonly container: string;
  readonly port: number;
}

export interface StandingCluster {
  /** `up`: it was there already, and all of it ran. `restarted`: it was there, and not all ran. */
  readonly was: 'made' | 'restarted' | 'up';
  readonly nodes: readonly StandingNode[];
  readonly leader: string;
}

const clientPort = 6379;
const peerPort = 7000;
const dataDirectory = '/data';
/** On the container: of how many nodes the cluster is, and which port of this machine is its. */
const nodeCountLabel = 'rafture.node-count';
const portLabel = 'rafture.port';
const sourceRoot = join(fileURLToPath(import.meta.url), '../../..');

/** Resolves once a leader serves. Throws DockerError; then nothing is left of what it made. */
export async function bringUp(options: StandingOptions): Promise<StandingCluster> {
  const engine = await connectEngine();
  if ((await countLeftovers(engine, options.name)) > 0) return restart(engine, options);
  await checkPorts(options);
  try {
    const nodes = await make(engine, options);
    const leader = await awaitLeader(engine, nodes, options.signal);
    return { was: 'made', nodes, leader };
  } catch (error) {
    await removeRun(engine, options.name, null);
    throw error;
  }
}

/** Removes all of it, data included. Returns how many things there were. Throws DockerError. */
export async function takeDown(name: string): Promise<number> {
  const engine = await connectEngine();
  await checkOwner(engine, name);
  const count = await countLeftovers(engine, name);
  await removeRun(engine, name, null);
  return count;
}

async function make(engine: Engine, options: StandingOptions): Promise<readonly StandingNode[]> {
  const { name, nodes, firstPort, images, onProgress, signal } = options;
  const base = await prepareBaseImage(engine, images, onProgress);
  const image = await prepareServerImage(engine, { base, sourceRoot, onProgress });
  checkSignal(signal);
  const network = await createNetwork(engine, { runId: name, harness: standing, nodes });
  checkSignal(signal);
  onProgress(`starting ${nodes.length} containers`);
  const made = nodes.map((node, at) => {
    return { node, container: `rafture-${name}-${node}`, port: firstPort + at };
  });
  const results = await Promise.allSettled(
    made.map((each) => makeNode(engine, each, { name, network, image, all: made })),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return made;
}

interface NodeSurroundings {
  readonly name: string;
  readonly network: ClusterNetworkPlan;
  readonly image: string;
  readonly all: readonly StandingNode[];
}

async function makeNode(
  engine: Engine,
  { node, container, port }: StandingNode,
  { name, network, image, all }: NodeSurroundings,
): Promise<void> {
  const labels = { [runLabel]: name, [harnessLabel]: standing, [nodeLabel]: node };
  await engine.docker.createVolume({ Name: container, Labels: labels });
  const address = (each: string): string => network.addresses.get(each) ?? '';
  const place: NodePlace = {
    clusterId: name,
    node,
    listenHost: '0.0.0.0',
    clientPort,
    peerPort,
    dataDirectory,
    traceFile: null,
    joins: false,
    faultDiskFolder: null,
    peers: all
      .filter((each) => each.node !== node)
      .map((each) => ({ node: each.node, address: `${address(each.node)}:${peerPort}` })),
    // What MOVED names has to work where redis-cli runs: on this machine, not in a container.
    clientAddresses: all.map((each) => ({ node: each.node, address: `127.0.0.1:${each.port}` })),
  };
  const { startNodeContainer } = await import('./docker-testcontainers.ts');
  await startNodeContainer(engine, {
    name: container,
    node,
    image,
    command: reference.command(place, imageSourceRoot),
    labels: {
      ...labels,
      [roleLabel]: 'node',
      [nodeCountLabel]: String(all.length),
      [portLabel]: String(port),
    },
    volume: container,
    dataDirectory,
    networkName: network.networkName,
    address: address(node),
    clientPort: { container: clientPort, host: port },
  });
}

/** What is there of it runs again, on the data that it has. */
async function restart(engine: Engine, options: StandingOptions): Promise<StandingCluster> {
  const { name, signal } = options;
  await checkOwner(engine, name);
  const filters = { label: [`${runLabel}=${name}`, `${roleLabel}=node`] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const wanted = Number(containers[0]?.Labels[nodeCountLabel] ?? options.nodes.length);
  if (containers.length !== wanted) {
    throw new DockerError(
      'half-made',
      `of the cluster ${name} ${containers.length} of ${wanted} nodes are there: ` +
        'take it down (npm run cluster:down), data included, and bring it up anew',
    );
  }
  const nodes = containers
    .map(({ Labels: labels, Names: names }) => ({
      node: labels[nodeLabel] ?? '',
      container: names[0]?.replace(/^\//, '') ?? '',
      port: Number(labels[portLabel]),
    }))
    .sort((a, b) => a.port - b.port);
  let wasUp = true;
  await Promise.all(
    nodes.map(async (node) => {
      const container = engine.docker.getContainer(node.container);
      const { State: state } = await container.inspect();
      wasUp &&= state.Running && !state.Paused;
      if (state.Paused) await container.unpause();
      else if (!state.Running) await container.start();
    }),
  );
  const leader = await awaitLeader(engine, nodes, signal);
  return { was: wasUp ? 'up' : 'restarted', nodes, leader };
}

async function awaitLeader(
  { docker }: Engine,
  nodes: readonly StandingNode[],
  signal: AbortSignal,
): Promise<string> {
  const gaveUp = async (): Promise<string | null> => {
    if (signal.aborted) return 'interrupted';
    for (const { node, container } of nodes) {
      const { State: state } = await docker.getContainer(container).inspect();
      if (!state.Running) return `${node} exited with code ${state.ExitCode}`;
    }
    return null;
  };
  const outcome = await awaitServingLeader(nodes, gaveUp);
  checkSignal(signal);
  if ('leader' in outcome) return outcome.leader;
  const lastLines = nodes.map(async ({ node, container }) => {
    const log = await readContainerLog(docker.getContainer(container));
    return `\n  ${node}: ${log.toString('utf8').trim().split('\n').at(-1) ?? ''}`;
  });
  const ends = (await Promise.all(lastLines)).join('');
  throw new DockerError('not-ready', `no leader serves: ${outcome.why}; the logs end with${ends}`);
}

function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw new DockerError('interrupted', 'interrupted: what was made is removed');
}

async function checkPorts({ nodes, firstPort }: StandingOptions): Promise<void> {
  const ports = nodes.map((_, at) => firstPort + at);
  const free = await Promise.all(ports.map((port) => isFree(port)));
  const taken = ports.filter((_, at) => free[at] === false);
  if (taken.length === 0) return;
  throw new DockerError(
    'ports-in-use',
    `somebody listens on port ${taken.join(', ')} of 127.0.0.1 already: ` +
      `--port takes another first port (${nodes.length} in a row are needed)`,
  );
}

/** A run of the harness may have the same name by mistake: its things are not ours to touch. */
async function checkOwner(engine: Engine, name: string): Promise<void> {
  const filters = { label: [`${runLabel}=${name}`] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    engine.docker.listContainers({ all: true, filters }),
    engine.docker.listNetworks({ filters }),
    engine.docker.listVolumes({ filters }),
  ]);
  for (const { Labels: labels } of [...containers, ...networks, ...volumes]) {
    if (labels?.[harnessLabel] === standing) continue;
    throw new DockerError('wrong-state', `${name} is a run of rafture test: choose another --name`);
  }
}
