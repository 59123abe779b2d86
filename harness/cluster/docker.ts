/**
 * The docker cluster: each node a container on a network of its own, with a volume of its own.
 *
 * Made by testcontainers, hurt by dockerode and by the fault agent. Everything that it makes has
 * the run's label; a reaper removes it when the harness cannot.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ByteStream,
  type Capabilities,
  type Cluster,
  type ClusterNetwork,
  capabilitiesOf,
  type LinkRule,
  type NetworkReading,
  type NodeState,
  type UnexpectedExit,
} from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { NodePlace, System } from '../systems/system.ts';
import {
  connectEngine,
  DockerError,
  type Engine,
  harnessLabel,
  nodeLabel,
  roleLabel,
  runLabel,
} from './docker-engine.ts';
import { FaultAgent } from './docker-fault-agent.ts';
import { describeHarness } from './docker-harness-identity.ts';
import type { HeldContainer } from './docker-held-container.ts';
import { type ClusterNetworkPlan, createNetwork } from './docker-network.ts';
import { DockerNode } from './docker-node.ts';
import { removeRun, startReaper, sweepLeftovers } from './docker-reaper.ts';
import { allotPorts } from './free-ports.ts';
import {
  type BaseImage,
  type ImageSource,
  imageSourceRoot,
  prepareBaseImage,
  prepareServerImage,
} from './images/images.ts';
import { createNoDisks } from './no-disks.ts';
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
}

const clientPort = 6379;
const peerPort = 7000;
const dataDirectory = '/data';
const reachLimitMs = 1000;
/** In the container's own layer, which a restart keeps; the data directory is the server's. */
const traceFile = '/trace.jsonl';
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
  const reaper = await startReaper(engine, { runId: options.runId, image: base.tag }).catch(
    (error: unknown) => {
      // The sweep at the next start does the same, later.
      onProgress(error instanceof Error ? error.message : String(error));
      return null;
    },
  );
  const cluster = new DockerCluster({
    traces: false,
    ...options,
    onProgress,
    engine,
    base,
    reaper,
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
  /** null where none can run. */
  readonly reaper: HeldContainer | null;
}

class DockerCluster implements Cluster {
  readonly kind = 'docker';
  readonly nodes: readonly string[];
  readonly spares: readonly string[] = [];
  readonly versions: readonly string[] = ['first'];
  readonly disks = createNoDisks('not with containers');
  readonly network: ClusterNetwork;
  readonly #parts: DockerClusterParts;
  readonly #timers: HarnessTimers = createRealTimers();
  readonly #containers = new Map<string, DockerNode>();
  #plan: ClusterNetworkPlan | null = null;
  #ports: ReadonlyMap<string, number> = new Map();
  #image = '';
  /**
   * Whether a container's own address can be reached from here, as on Linux. At the published port
   * the engine's proxy answers for a node that does not listen: what is sent there is of unknown
   * outcome, though nobody has heard it.
   */
  #isReachable = false;
  #agent: FaultAgent | null = null;
  #whyNoAgent = 'the fault agent has not been started';
  #tornDown: Promise<void> | null = null;

  constructor(parts: DockerClusterParts) {
    this.#parts = parts;
    this.nodes = parts.nodes;
    this.network = {
      set: (cut) => this.#setCut(cut),
      read: () => this.#readNetwork(),
    };
  }

  describe(): string {
    const { engine, base } = this.#parts;
    const partitions = this.#agent === null ? 'no partitions' : 'partitions by nftables';
    const where = `${this.nodes.length} containers on docker ${engine.version}`;
    return `${where}, ${base.how}, ${partitions}`;
  }

  capabilities(): Capabilities {
    const remedy = 'see rafture doctor';
    return capabilitiesOf(
      {
        drop:
          this.#agent === null
            ? { available: false, why: this.#whyNoAgent, remedy }
            : { available: true, how: 'nftables in the engine, one transaction for each change' },
        kill: { available: true, how: 'SIGKILL' },
        pause: { available: true, how: 'the freezer of the engine' },
      },
      'the docker cluster cannot do it yet',
      remedy,
    );
  }

  async setUp(): Promise<void> {
    const { engine, base, runId, sourceRoot, onProgress } = this.#parts;
    const nodes = this.nodes;
    await allSettled([
      prepareServerImage(engine, { base, sourceRoot, onProgress }).then((image) => {
        this.#image = image;
      }),
      createNetwork(engine, { runId, harness: describeHarness(), nodes }).then((plan) => {
        this.#plan = plan;
      }),
      allotPorts(nodes.length).then((ports) => {
        this.#ports = new Map(nodes.map((node, at) => [node, ports[at] ?? 0]));
      }),
      this.#startAgent(),
    ]);
    onProgress(`starting ${nodes.length} containers`);
    await allSettled(nodes.map((node) => this.start(node)));
    const first = addressOf(this.#network(), nodes[0] ?? '');
    this.#isReachable = await canConnect(first, clientPort, reachLimitMs);
  }

  async start(node: string): Promise<void> {
    const existing = this.#containers.get(node);
    if (existing === undefined) this.#containers.set(node, await this.#create(node));
    else await existing.start();
    const container = this.#container(node);
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

  processId(): Promise<number | null> {
    return Promise.resolve(null);
  }

  onLogLine(): () => void {
    return () => {};
  }

  mayEnd(): () => void {
    return () => {};
  }

  lives(node: string): number {
    return this.#container(node).lives;
  }

  unexpectedExits(): readonly UnexpectedExit[] {
    return [...this.#containers].flatMap(([node, container]) =>
      container.unexpectedExits.map((reason) => ({ node, reason })),
    );
  }

  clientAddress(node: string): string {
    return `127.0.0.1:${this.#port(node)}`;
  }

  connect(node: string): Promise<ByteStream> {
    const why = this.#containers.get(node)?.whyDown ?? null;
    if (why !== null) return Promise.reject(new DockerError('wrong-state', `${node}: ${why}`));
    if (!this.#isReachable) return connectTcpStream('127.0.0.1', this.#port(node));
    return connectTcpStream(addressOf(this.#network(), node), clientPort);
  }

  async collectLogs(folder: string): Promise<void> {
    for (const [node, container] of this.#containers) {
      await mkdir(join(folder, node), { recursive: true });
      await writeFile(join(folder, node, 'server.log'), await container.readLog());
      if (!this.#tellsTraces) continue;
      await container.copyFile(traceFile, join(folder, node, traceFileName));
    }
  }

  tearDown(): Promise<void> {
    this.#tornDown ??= this.#removeAll();
    return this.#tornDown;
  }

  async #removeAll(): Promise<void> {
    const { engine, runId, reaper } = this.#parts;
    try {
      await removeRun(engine, runId, reaper?.id ?? null);
    } catch (error) {
      // The reaper tries for longer, and without us.
      await reaper?.release();
      throw error;
    }
    await reaper?.destroy();
  }

  async #startAgent(): Promise<void> {
    const { engine, base, runId } = this.#parts;
    try {
      this.#agent = await FaultAgent.start(engine, { runId, image: base.tag });
    } catch (error) {
      // A cluster without partitions is of use still; whoever wants them reads the capabilities.
      this.#whyNoAgent = error instanceof Error ? error.message : String(error);
    }
  }

  async #create(node: string): Promise<DockerNode> {
    const { engine, runId, system } = this.#parts;
    const plan = this.#network();
    const labels = { [runLabel]: runId, [harnessLabel]: describeHarness(), [nodeLabel]: node };
    const volume = `rafture-${runId}-${node}`;
    await engine.docker.createVolume({ Name: volume, Labels: labels });
    const { startNodeContainer } = await import('./docker-testcontainers.ts');
    const id = await startNodeContainer(engine, {
      name: `rafture-${runId}-${node}`,
      node,
      image: this.#image,
      command: system.command(this.#place(node), imageSourceRoot),
      labels: { ...labels, [roleLabel]: 'node' },
      volume,
      dataDirectory,
      networkName: plan.networkName,
      address: addressOf(plan, node),
      clientPort: { container: clientPort, host: this.#port(node) },
    });
    return new DockerNode(engine.docker.getContainer(id));
  }

  get #tellsTraces(): boolean {
    return this.#parts.traces && this.#parts.system.traces;
  }

  #place(node: string): NodePlace {
    const plan = this.#network();
    return {
      clusterId: this.#parts.runId,
      node,
      listenHost: '0.0.0.0',
      clientPort,
      peerPort,
      dataDirectory,
      joins: false,
      faultDiskFolder: null,
      traceFile: this.#tellsTraces ? traceFile : null,
      peers: this.nodes
        .filter((each) => each !== node)
        .map((each) => ({ node: each, address: `${addressOf(plan, each)}:${peerPort}` })),
      clientAddresses: this.nodes.map((each) => ({
        node: each,
        address: this.clientAddress(each),
      })),
    };
  }

  async #setCut(cut: readonly LinkRule[]): Promise<void> {
    const plan = this.#network();
    await this.#faultAgent().setCut(
      cut.map(({ from, to }) => ({ from: addressOf(plan, from), to: addressOf(plan, to) })),
    );
  }

  async #readNetwork(): Promise<NetworkReading> {
    const { cut, dropped } = await this.#faultAgent().read();
    const nodes = new Map([...this.#network().addresses].map(([node, address]) => [address, node]));
    const name = (address: string): string => nodes.get(address) ?? address;
    const mode = { type: 'drop' } as const;
    return {
      rules: cut.map(({ from, to }) => ({ from: name(from), to: name(to), mode })),
      met: { drop: dropped },
    };
  }

  #faultAgent(): FaultAgent {
    if (this.#agent !== null) return this.#agent;
    throw new DockerError('no-fault-agent', `no partition is possible: ${this.#whyNoAgent}`);
  }

  #network(): ClusterNetworkPlan {
    if (this.#plan !== null) return this.#plan;
    throw new DockerError('wrong-state', 'the cluster has no network yet');
  }

  #container(node: string): DockerNode {
    const container = this.#containers.get(node);
    if (container !== undefined) return container;
    throw new RangeError(`there is no node ${node}, or it was never started`);
  }

  #port(node: string): number {
    const port = this.#ports.get(node);
    if (port === undefined) throw new RangeError(`there is no node ${node}`);
    return port;
  }
}

/** Waits for all before it throws: what is still being made could not be torn down. */
async function allSettled(steps: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(steps);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function addressOf(plan: ClusterNetworkPlan, node: string): string {
  const address = plan.addresses.get(node);
  if (address === undefined) throw new RangeError(`there is no node ${node}`);
  return address;
}
