/**
 * The docker cluster: each node a container on a network of its own, with a volume of its own.
 *
 * Made by testcontainers, hurt by dockerode and by the fault agent. Everything that it makes has
 * the run's label; a reaper removes it when the harness cannot.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Ability,
  type ByteStream,
  type Capabilities,
  type Capability,
  type Cluster,
  type ClusterNetwork,
  capabilitiesOf,
  type Excuse,
  type NodeState,
  type StartOptions,
  type UnexpectedExit,
} from '../cluster.ts';
import { describeMany } from '../report/figures.ts';
import { createRealTimers } from '../run/real-timers.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { System } from '../systems/system.ts';
import { DockerDisks } from './docker-disks.ts';
import { connectEngine, DockerError, type Engine, roleLabel } from './docker-engine.ts';
import { FaultAgent } from './docker-fault-agent.ts';
import type { HeldContainer } from './docker-held-container.ts';
import { LinkTools } from './docker-link-tools.ts';
import { DockerNode } from './docker-node.ts';
import { clientPort, DockerPlaces, dataDirectory, peerPort } from './docker-places.ts';
import { removeRun, startReaper, sweepLeftovers } from './docker-reaper.ts';
import { DockerVersions, type OtherVersion } from './docker-versions.ts';
import {
  type BaseImage,
  type ImageSource,
  imageSourceRoot,
  prepareBaseImage,
} from './images/images.ts';
import { onlySimulated } from './only-simulated.ts';
import { waitUntilReady } from './ready.ts';
import { canConnect, connectTcpStream } from './tcp-stream.ts';
import { traceFileName } from './traces.ts';

export interface DockerClusterOptions {
  readonly system: System;
  readonly nodes: readonly string[];
  /** Names everything that is made. Letters, digits, `_`, `.` and `-`. */
  readonly runId: string;
  readonly images: ImageSource;
  /** The folder that holds server/: the checkout, or a copy with a planted bug. */
  readonly sourceRoot: string;
  readonly onProgress?: (line: string) => void;
  /** Whether nodes that can tell trace events are to do it. Default false. */
  readonly traces?: boolean;
  /** What faults will use of what costs something. Default: nothing. */
  readonly prepare?: ReadonlySet<Ability>;
  /** Nodes that have a place and are not started. Default: none. */
  readonly spares?: readonly string[];
  readonly otherVersion?: OtherVersion | null;
}

const reachLimitMs = 1000;
const readyLimitMs = 60_000;

/** Starts every node and resolves when all answer. On failure nothing is left behind. */
export async function createDockerCluster(options: DockerClusterOptions): Promise<Cluster> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(options.runId)) {
    throw new RangeError(
      `a run id has letters, digits, _ . and -, which this has not: ${options.runId}`,
    );
  }
  const onProgress = options.onProgress ?? (() => {});
  const engine = await connectEngine();
  for (const runId of await sweepLeftovers(engine)) {
    onProgress(`removed what the run ${runId} had left behind`);
  }
  const base = await prepareBaseImage(engine, options.images, onProgress);
  const cluster = new DockerCluster({
    ...{ traces: false, prepare: new Set(), spares: [], otherVersion: null },
    ...options,
    ...{ onProgress, engine, base },
  });
  try {
    await cluster.setUp();
    return cluster;
  } catch (error) {
    await cluster.tearDown();
    throw error;
  }
}

export type DockerProbe =
  | { readonly ok: true; readonly how: string }
  | { readonly ok: false; readonly why: string };

/** Whether a docker cluster with faults is possible here: an engine, images, the fault agent. */
export async function probeDocker(
  images: ImageSource,
  onProgress: (line: string) => void = () => {},
): Promise<DockerProbe> {
  try {
    const engine = await connectEngine();
    const base = await prepareBaseImage(engine, images, onProgress);
    const runId = `probe-${process.pid}-${process.hrtime.bigint()}`;
    const agent = await FaultAgent.start(engine, { runId, image: base.tag });
    await agent.stop();
    return { ok: true, how: `docker ${engine.version}, ${base.how}, faults by nftables` };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

interface DockerClusterParts extends Required<DockerClusterOptions> {
  readonly engine: Engine;
  readonly base: BaseImage;
}

class DockerCluster implements Cluster {
  readonly kind = 'docker';
  readonly nodes: readonly string[];
  readonly spares: readonly string[];
  readonly disks: DockerDisks;
  readonly network: ClusterNetwork;
  readonly #parts: DockerClusterParts;
  readonly #timers: HarnessTimers = createRealTimers();
  readonly #containers: ReadonlyMap<string, DockerNode>;
  readonly #places: DockerPlaces;
  readonly #versions: DockerVersions;
  readonly #lineHandlers = new Set<(node: string, line: string) => void>();
  /**
   * Whether a container's own address can be reached from here, as on Linux. At the published port
   * the engine's proxy answers for a node that does not listen: what is sent there is of unknown
   * outcome, though nobody has heard it.
   */
  #isReachable = false;
  /** null where none can run. */
  #reaper: HeldContainer | null = null;
  #links: LinkTools | null = null;
  #network: ClusterNetwork | null = null;
  #tornDown: Promise<void> | null = null;

  constructor(parts: DockerClusterParts) {
    this.#parts = parts;
    this.nodes = parts.nodes;
    this.spares = parts.spares;
    const all = [...parts.nodes, ...parts.spares];
    this.#places = new DockerPlaces(parts);
    this.#versions = new DockerVersions(parts);
    this.#containers = new Map(all.map((node) => [node, this.#createNode(node)]));
    this.disks = new DockerDisks({
      ...parts,
      nodes: all,
      container: (node) => this.#container(node),
    });
    this.network = {
      set: (rules) => this.#openNetwork().set(rules),
      read: () => this.#openNetwork().read(),
    };
  }

  get versions(): readonly string[] {
    return this.#versions.names;
  }

  describe(): string {
    const { engine, base } = this.#parts;
    const hasPartitions = this.#links?.capabilities().drop.available === true;
    const partitions = hasPartitions ? 'partitions by nftables' : 'no partitions';
    const containers = describeMany(this.nodes.length, 'container');
    const where = `${containers} on docker ${engine.version}`;
    return `${where}, ${base.how}, ${partitions}`;
  }

  capabilities(): Capabilities {
    return capabilitiesOf(
      {
        ...onlySimulated,
        ...this.#links?.capabilities(),
        kill: { available: true, how: 'SIGKILL' },
        pause: { available: true, how: 'the freezer of the engine' },
        'log-lines': { available: true, how: 'the output of the containers, as it comes' },
        spares: capabilityOfSpares(this.spares),
        versions: this.#versions.capability,
        ...this.disks.capabilities,
      },
      'the cluster has not been set up',
      'wait until it is',
    );
  }

  async setUp(): Promise<void> {
    const { engine, onProgress } = this.#parts;
    const [nodes, places] = [this.nodes, this.#places];
    // Nothing that would be left behind is made before the reaper watches.
    await allSettled([
      this.#startReaper(),
      this.#versions.prepareImages(),
      places.allotPorts(),
      importTestcontainers(),
    ]);
    await allSettled([
      places.createNetwork(engine),
      this.disks.setUp(),
      LinkTools.start(engine, this.#parts).then((links) => {
        this.#links = links;
      }),
    ]);
    this.#network = (await this.#links?.open(places.network, clientPort, peerPort)) ?? null;
    onProgress(`starting ${describeMany(nodes.length, 'container')}`);
    await allSettled(nodes.map((node) => this.start(node)));
    const first = places.address(nodes[0] ?? '');
    this.#isReachable = await canConnect(first, clientPort, reachLimitMs);
  }

  async start(node: string, { version }: StartOptions = {}): Promise<void> {
    const container = this.#container(node);
    await container.start(this.#versions.imageOf(node, version));
    await this.disks.applyLimit(node);
    try {
      await waitUntilReady(node, {
        cluster: this,
        system: this.#parts.system,
        timers: this.#timers,
        limitMs: readyLimitMs,
        gaveUp: () => container.exitReason,
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const log = (await container.readLog().catch(() => Buffer.alloc(0))).toString('utf8');
      const tail = log.trim().split('\n').slice(-5).join('\n  ');
      throw new DockerError('not-ready', `${why}; the end of its log:\n  ${tail}`, error);
    }
  }

  stop(node: string): Promise<void> {
    return this.#container(node).stop();
  }

  kill(node: string): Promise<void> {
    return this.#container(node).kill();
  }

  pause(node: string): Promise<void> {
    return this.#container(node).pause();
  }

  resume(node: string): Promise<void> {
    return this.#container(node).resume();
  }

  nodeState(node: string): Promise<NodeState> {
    return this.#container(node).state();
  }

  processId(node: string): Promise<number | null> {
    return this.#container(node).processId();
  }

  lives(node: string): number {
    return this.#container(node).lives;
  }

  onLogLine(handler: (node: string, line: string) => void): () => void {
    // One of its own: the same handler may listen twice.
    const own = (node: string, line: string): void => handler(node, line);
    this.#lineHandlers.add(own);
    return () => {
      this.#lineHandlers.delete(own);
    };
  }

  mayEnd(node: string, excuse: Excuse): () => void {
    return this.#container(node).mayEnd(excuse);
  }

  unexpectedExits(): readonly UnexpectedExit[] {
    return [...this.#containers].flatMap(([node, container]) =>
      container.unexpectedExits.map((reason) => ({ node, reason })),
    );
  }

  clientAddress(node: string): string {
    return this.#places.clientAddress(node);
  }

  connect(node: string): Promise<ByteStream> {
    const why = this.#container(node).whyDown;
    if (why !== null) return Promise.reject(new DockerError('wrong-state', `${node}: ${why}`));
    if (!this.#isReachable) return connectTcpStream('127.0.0.1', this.#places.port(node));
    return connectTcpStream(this.#places.address(node), clientPort);
  }

  async collectLogs(folder: string): Promise<void> {
    for (const [node, container] of this.#containers) {
      if (container.lives === 0) continue;
      await mkdir(join(folder, node), { recursive: true });
      await writeFile(join(folder, node, 'server.log'), await container.readLog());
      const { traceFile } = this.#places;
      if (traceFile === null) continue;
      await container.copyFile(traceFile, join(folder, node, traceFileName));
    }
  }

  tearDown(): Promise<void> {
    this.#tornDown ??= this.#removeAll();
    return this.#tornDown;
  }

  async #removeAll(): Promise<void> {
    const { engine, runId } = this.#parts;
    const reaper = this.#reaper;
    try {
      await removeRun(engine, runId, reaper?.id ?? null);
    } catch (error) {
      // The reaper tries for longer, and without us.
      await reaper?.release();
      throw error;
    }
    await reaper?.destroy();
  }

  async #startReaper(): Promise<void> {
    const { engine, base, runId, onProgress } = this.#parts;
    try {
      this.#reaper = await startReaper(engine, { runId, image: base.tag });
    } catch (error) {
      // The sweep at the next start does the same, later.
      onProgress(error instanceof Error ? error.message : String(error));
    }
  }

  #createNode(node: string): DockerNode {
    return new DockerNode({
      engine: this.#parts.engine,
      name: `rafture-${this.#parts.runId}-${node}`,
      traceFile: this.#places.traceFile,
      onLine: (line) => {
        for (const handler of this.#lineHandlers) handler(node, line);
      },
      make: (image, onCreated) => this.#makeContainer(node, image, onCreated),
    });
  }

  async #makeContainer(
    node: string,
    image: string,
    onCreated: (id: string) => Promise<void>,
  ): Promise<void> {
    const { engine, system } = this.#parts;
    const places = this.#places;
    const { startNodeContainer } = await importTestcontainers();
    await startNodeContainer(engine, {
      name: this.disks.volume(node),
      node,
      image,
      command: system.command(places.place(node), imageSourceRoot),
      labels: { ...this.disks.labels(node), [roleLabel]: 'node' },
      volume: this.disks.volume(node),
      dataDirectory,
      networkName: places.network.networkName,
      address: places.address(node),
      clientPort: { container: clientPort, host: places.port(node) },
      onCreated,
    });
  }

  #openNetwork(): ClusterNetwork {
    if (this.#network !== null) return this.#network;
    throw new DockerError('wrong-state', 'the cluster has no network yet');
  }

  #container(node: string): DockerNode {
    const container = this.#containers.get(node);
    if (container !== undefined) return container;
    throw new RangeError(`there is no node ${node}`);
  }
}

/** More than a second's work, which is done while the engine has something to do. */
function importTestcontainers(): Promise<typeof import('./docker-testcontainers.ts')> {
  return import('./docker-testcontainers.ts');
}

function capabilityOfSpares(spares: readonly string[]): Capability {
  if (spares.length > 0) {
    return { available: true, how: 'a container with a volume, an address and a port of its own' };
  }
  const why = 'no spare node was asked for';
  return { available: false, why, remedy: 'name a fault that needs one with --nemesis' };
}

/** Waits for all before it throws: what is still being made could not be torn down. */
async function allSettled(steps: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
