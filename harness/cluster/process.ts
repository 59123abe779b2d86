/**
 * The process cluster: each node a child process of this machine, with a network between them.
 *
 * Needs nothing but this machine. A node dies with its harness, even when that is killed: the
 * kernel kills it where it can be told to (`setpriv --pdeathsig`), and else it stops by itself when
 * its standard input ends.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type Ability,
  type ByteStream,
  type Capabilities,
  type Cluster,
  type ClusterDisks,
  capabilitiesOf,
  type Excuse,
  type NodeState,
  type StartOptions,
  type UnexpectedExit,
} from '../cluster.ts';
import { describeMany } from '../report/figures.ts';
import { createRealTimers } from '../run/real-timers.ts';
import type { NodePlace, System } from '../systems/system.ts';
import { ChildNode } from './child-node.ts';
import { onlySimulated } from './only-simulated.ts';
import { ProcessDisks, processDiskCapabilities } from './process-disks.ts';
import { findDeathGuard } from './process-guard.ts';
import { type LineHandler, ProcessLogLines } from './process-log-lines.ts';
import type { ProcessNetwork } from './process-network.ts';
import { createProcessNetwork, type NetworkChoice } from './process-network-choice.ts';
import { waitUntilReady } from './ready.ts';
import { traceFileName } from './traces.ts';
import { sweepWorkFolders, workFolderPrefix } from './work-folders.ts';

export interface ProcessClusterOptions {
  readonly system: System;
  readonly nodes: readonly string[];
  /** The folder that holds server/: the checkout, or a copy with a planted bug. */
  readonly sourceRoot: string;
  /** Whether nodes that can tell trace events are to do it. Default false. */
  readonly traces?: boolean;
  /** What faults will use. Default: nothing that has to be prepared. */
  readonly prepare?: ReadonlySet<Ability>;
  /** Nodes that have their places, and are not started. Default none. */
  readonly spares?: readonly string[];
  readonly otherVersion?: { readonly name: string; readonly sourceRoot: string } | null;
  /** For loss and jitter. Default 0. */
  readonly seed?: number;
  /** `auto`, the default: namespaces where they can be had. */
  readonly network?: NetworkChoice;
  /** Told of each step, for whoever waits. Default: nobody. */
  readonly onStep?: (line: string) => void;
}

const readyLimitMs = 20_000;
const firstVersion = 'first';
const faultDiskAbilities: readonly Ability[] = ['power-loss', 'disk-full', 'disk-slow'];

/** Starts every node and resolves when all answer. On failure nothing is left behind. */
export async function createProcessCluster(options: ProcessClusterOptions): Promise<Cluster> {
  await sweepWorkFolders();
  const folder = await mkdtemp(join(tmpdir(), workFolderPrefix));
  await writeFile(join(folder, 'owner.pid'), String(process.pid));
  let network: ProcessNetwork | null = null;
  let cluster: ProcessCluster | null = null;
  try {
    const { nodes, spares = [], prepare = new Set(), seed = 0 } = options;
    const request = { nodes: [...nodes, ...spares], prepare, seed };
    const { onStep = () => {} } = options;
    onStep('making the network');
    const chosen = await createProcessNetwork(options.network ?? 'auto', request);
    network = chosen.network;
    const guard = await findDeathGuard();
    const why = chosen.reason;
    cluster = new ProcessCluster(options, { folder, network, guard, why });
    onStep(`starting ${describeMany(nodes.length, 'process', 'processes')}`);
    await cluster.startAll();
    return cluster;
  } catch (error) {
    await cluster?.tearDown();
    await network?.close();
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Premises {
  readonly folder: string;
  readonly network: ProcessNetwork;
  /** What comes before a command so that it dies with this process. */
  readonly guard: readonly string[];
  /** Why this network and not the other. */
  readonly why: string;
}

class ProcessCluster implements Cluster {
  readonly kind = 'process';
  readonly nodes: readonly string[];
  readonly spares: readonly string[];
  readonly versions: readonly string[];
  readonly disks: ClusterDisks;
  readonly network: ProcessNetwork;
  readonly #options: ProcessClusterOptions;
  readonly #premises: Premises;
  readonly #children: ReadonlyMap<string, ChildNode>;
  readonly #lines: ProcessLogLines;
  /** The version that each node had last. */
  readonly #lastVersions = new Map<string, string>();

  constructor(options: ProcessClusterOptions, premises: Premises) {
    const { otherVersion = null } = options;
    this.#options = options;
    this.#premises = premises;
    this.nodes = options.nodes;
    this.spares = options.spares ?? [];
    this.versions = [firstVersion, ...(otherVersion === null ? [] : [otherVersion.name])];
    this.network = premises.network;
    this.#children = new Map(
      [...this.nodes, ...this.spares].map((node) => {
        return [node, new ChildNode(join(premises.folder, node, 'server.log'))];
      }),
    );
    this.#lines = new ProcessLogLines(
      new Map([...this.#children].map(([node, child]) => [node, child.logPath])),
    );
    this.disks = new ProcessDisks({
      place: (node) => this.#place(node),
      nodeState: (node) => this.nodeState(node),
      lives: (node) => this.lives(node),
      pause: (node) => this.pause(node),
      kill: (node) => this.kill(node),
    });
  }

  describe(): string {
    const { network, why } = this.#premises;
    const processes = describeMany(this.nodes.length, 'process', 'processes');
    return `${processes} ${network.description} (${why})`;
  }

  capabilities(): Capabilities {
    const { system } = this.#options;
    const windows = {
      available: false,
      why: 'Windows has no SIGSTOP',
      remedy: 'use another system',
    };
    const isWindows = process.platform === 'win32';
    return capabilitiesOf(
      {
        ...onlySimulated,
        ...this.network.abilities,
        ...processDiskCapabilities(system.hasFaultDisk, this.#hasFaultDisks),
        kill: { available: true, how: 'SIGKILL to the process' },
        pause: isWindows
          ? { ...windows, available: false }
          : { available: true, how: 'SIGSTOP to the process' },
        'log-lines': { available: true, how: 'the files that nodes write to are watched' },
        spares: {
          available: true,
          how: 'further processes, which have their places in the network from the beginning',
        },
        ...(this.versions.length > 1 && {
          versions: { available: true, how: 'a node is started from the other folder of sources' },
        }),
      },
      'no other version of the system was given',
      'name the other version, or a fault that needs it',
    );
  }

  async startAll(): Promise<void> {
    for (const node of this.#children.keys()) {
      const { dataDirectory, faultDiskFolder } = this.#place(node);
      await mkdir(dataDirectory, { recursive: true });
      if (faultDiskFolder !== null) await mkdir(faultDiskFolder, { recursive: true });
    }
    await Promise.all(this.nodes.map((node) => this.start(node)));
  }

  async start(node: string, options: StartOptions = {}): Promise<void> {
    const child = this.#child(node);
    const version = options.version ?? this.#lastVersions.get(node) ?? firstVersion;
    const sourceRoot = this.#sourceRoot(version);
    const { system } = this.#options;
    await child.start([
      ...this.network.entrance(node),
      ...this.#premises.guard,
      process.execPath,
      ...system.command(this.#place(node), sourceRoot),
    ]);
    this.#lastVersions.set(node, version);
    await waitUntilReady(node, {
      cluster: { connect: (each) => this.network.connectUncut(each) },
      system,
      timers: createRealTimers(),
      limitMs: readyLimitMs,
      gaveUp: () => child.exitReason,
    });
  }

  stop(node: string): Promise<void> {
    return this.#child(node).end('SIGTERM');
  }

  kill(node: string): Promise<void> {
    return this.#child(node).end('SIGKILL');
  }

  pause(node: string): Promise<void> {
    return this.#child(node).pause();
  }

  resume(node: string): Promise<void> {
    return this.#child(node).resume();
  }

  nodeState(node: string): Promise<NodeState> {
    return this.#child(node).state();
  }

  processId(node: string): Promise<number | null> {
    return Promise.resolve(this.#child(node).pid);
  }

  onLogLine(handler: LineHandler): () => void {
    return this.#lines.add(handler);
  }

  mayEnd(node: string, excuse: Excuse): () => void {
    return this.#child(node).mayEnd(excuse);
  }

  lives(node: string): number {
    return this.#child(node).lives;
  }

  unexpectedExits(): readonly UnexpectedExit[] {
    return [...this.#children].flatMap(([node, child]) =>
      child.unexpectedExits.map((reason) => ({ node, reason })),
    );
  }

  clientAddress(node: string): string {
    return this.network.clientAddress(node);
  }

  connect(node: string): Promise<ByteStream> {
    return this.network.connect(node);
  }

  async collectLogs(folder: string): Promise<void> {
    for (const [node, child] of this.#children) {
      if (child.lives === 0) continue;
      await mkdir(join(folder, node), { recursive: true });
      await copyFile(child.logPath, join(folder, node, 'server.log'));
      const { traceFile } = this.#place(node);
      if (traceFile === null || !existsSync(traceFile)) continue;
      await copyFile(traceFile, join(folder, node, traceFileName));
    }
  }

  async tearDown(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.end('SIGKILL')));
    this.#lines.close();
    await this.network.close();
    await rm(this.#premises.folder, { recursive: true, force: true });
  }

  #child(node: string): ChildNode {
    const child = this.#children.get(node);
    if (child === undefined) throw new RangeError(`there is no node ${node}`);
    return child;
  }

  #sourceRoot(version: string): string {
    const { sourceRoot, otherVersion = null } = this.#options;
    if (version === firstVersion) return sourceRoot;
    if (version === otherVersion?.name) return otherVersion.sourceRoot;
    throw new RangeError(`there is no version ${version}: ${this.versions.join(', ')}`);
  }

  get #hasFaultDisks(): boolean {
    const { system, prepare } = this.#options;
    return system.hasFaultDisk && faultDiskAbilities.some((each) => prepare?.has(each));
  }

  get #tellsTraces(): boolean {
    return this.#options.traces === true && this.#options.system.traces;
  }

  #place(node: string): NodePlace {
    const own = join(this.#premises.folder, node);
    return {
      // The folder's name is as unique as the folder: a port that changes hands connects no two.
      clusterId: basename(this.#premises.folder),
      node,
      ...this.network.place(node),
      dataDirectory: join(own, 'data'),
      joins: this.spares.includes(node),
      spares: this.spares,
      faultDiskFolder: this.#hasFaultDisks ? join(own, 'fault-disk') : null,
      traceFile: this.#tellsTraces ? join(own, traceFileName) : null,
      clientAddresses: [...this.#children.keys()].map((each) => ({
        node: each,
        address: this.clientAddress(each),
      })),
    };
  }
}
