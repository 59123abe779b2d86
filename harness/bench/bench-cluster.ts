/**
 * Three nodes of a store as processes on this machine, for measuring: the waist that the reference
 * server and etcd both fill. A store is known as any user knows it, by its command line and by TCP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allotPorts } from '../cluster/free-ports.ts';

export interface BenchSystem {
  /** What the tables call it. */
  readonly name: string;
  /** Which client of the load generator speaks to it. */
  readonly store: 'resp' | 'etcd';
  nodeCommand(position: number, layout: ClusterLayout): NodeCommand;
  /** The position of the node that leads and answers; null when there is none at the moment. */
  findLeader(addresses: readonly string[]): Promise<number | null>;
}

export interface NodeCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ClusterLayout {
  readonly folder: string;
  /** `127.0.0.1:port` for each node. */
  readonly clientAddresses: readonly string[];
  readonly peerAddresses: readonly string[];
}

export const nodeNames: readonly string[] = ['n1', 'n2', 'n3'];
const readyMsMax = 120_000;
const stopMsMax = 20_000;
const pollMs = 20;

export class BenchCluster {
  readonly system: BenchSystem;
  readonly layout: ClusterLayout;
  readonly #children: (ChildProcess | null)[] = nodeNames.map(() => null);
  /** For a Ctrl-C: nobody is left behind, and no data. */
  readonly #atExit: () => void = () => {
    for (const child of this.#children) child?.kill('SIGKILL');
    this.#removeData();
  };

  /** Resolves when a leader answers. Its data lies in a new folder below `parentFolder`. */
  static async start(system: BenchSystem, parentFolder: string): Promise<BenchCluster> {
    const folder = mkdtempSync(join(parentFolder, 'rafture-bench-'));
    // At once, or a port of the first kind could be found free for the second.
    const ports = await allotPorts(2 * nodeNames.length);
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    const cluster = new BenchCluster(system, {
      folder,
      clientAddresses: addresses.slice(0, nodeNames.length),
      peerAddresses: addresses.slice(nodeNames.length),
    });
    try {
      for (const position of nodeNames.keys()) cluster.startNode(position);
      await cluster.findLeader();
      return cluster;
    } catch (error) {
      await cluster.tearDown();
      throw error;
    }
  }

  constructor(system: BenchSystem, layout: ClusterLayout) {
    this.system = system;
    this.layout = layout;
    process.once('exit', this.#atExit);
  }

  get addresses(): readonly string[] {
    return this.layout.clientAddresses;
  }

  /** Those of the nodes that run, in the order of the nodes. */
  get pids(): readonly number[] {
    return this.#children.flatMap((child) => child?.pid ?? []);
  }

  address(position: number): string {
    const address = this.addresses[position];
    if (address === undefined) throw new Error(`there is no node ${position}`);
    return address;
  }

  pid(position: number): number {
    const pid = this.#children[position]?.pid;
    if (pid === undefined) throw new Error(`node ${position} does not run`);
    return pid;
  }

  startNode(position: number): void {
    const { file, args, env } = this.system.nodeCommand(position, this.layout);
    mkdirSync(this.#dataFolder(position), { recursive: true });
    const log = openSync(this.#logPath(position), 'a');
    const child = spawn(file, args, {
      stdio: ['pipe', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    child.on('error', () => {});
    child.stdin?.on('error', () => {});
    this.#children[position] = child;
  }

  /** Resolves when the process is gone, whoever has ended it. */
  async gone(position: number): Promise<void> {
    const child = this.#children[position];
    if (child === null || child === undefined) return;
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => child.once('exit', resolve));
    }
    this.#children[position] = null;
  }

  async stopNode(position: number, signal: NodeJS.Signals): Promise<void> {
    const child = this.#children[position];
    child?.kill(signal);
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopMsMax);
    await this.gone(position);
    clearTimeout(timer);
  }

  /** Rejects when a node ends or nobody leads for long. */
  async findLeader(): Promise<number> {
    const endMs = performance.now() + readyMsMax;
    while (performance.now() < endMs) {
      const ended = this.#children.findIndex((child) => child !== null && hasEnded(child));
      if (ended !== -1) throw new Error(`${nodeNames[ended]} ended: ${this.#lastWords(ended)}`);
      const leader = await this.system.findLeader(this.addresses);
      if (leader !== null) return leader;
      await delay(pollMs);
    }
    throw new Error(`no leader of ${this.system.name} in ${readyMsMax / 1000} s`);
  }

  /** Ends the processes and removes their data. */
  async tearDown(): Promise<void> {
    await Promise.all([...nodeNames.keys()].map((position) => this.stopNode(position, 'SIGTERM')));
    this.#removeData();
    process.off('exit', this.#atExit);
  }

  #removeData(): void {
    rmSync(this.layout.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #dataFolder(position: number): string {
    return join(this.layout.folder, nodeNames[position] ?? '');
  }

  #logPath(position: number): string {
    return join(this.layout.folder, `${nodeNames[position]}.log`);
  }

  #lastWords(position: number): string {
    const lines = readFileSync(this.#logPath(position), 'utf8').trim().split('\n');
    return lines.slice(-3).join(' / ');
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}
