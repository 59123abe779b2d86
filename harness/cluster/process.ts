/**
 * The process cluster: each node a child process on loopback, each directed pair of nodes a proxy.
 *
 * Needs nothing but this machine. A node dies with its harness, even when that is killed: it stops
 * when its standard input ends.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import {
  type ByteStream,
  type Capabilities,
  type Cluster,
  capabilitiesOf,
  type Link,
  type LinkRule,
  type NetworkReading,
  type NodeState,
  type UnexpectedExit,
} from '../cluster.ts';
import { createRealTimers } from '../run/real-timers.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { NodePlace, System } from '../systems/system.ts';
import { ChildNode } from './child-node.ts';
import { allotPorts } from './free-ports.ts';
import { createNoDisks } from './no-disks.ts';
import { waitUntilReady } from './ready.ts';
import { type LinkGate, TcpProxy } from './tcp-proxy.ts';
import { connectTcpStream } from './tcp-stream.ts';
import { traceFileName } from './traces.ts';
import { sweepWorkFolders, workFolderPrefix } from './work-folders.ts';

export interface ProcessClusterOptions {
  readonly system: System;
  readonly nodes: readonly string[];
  /** The folder that holds server/: the checkout, or a copy with a planted bug. */
  readonly sourceRoot: string;
  /** Whether nodes that can tell trace events are to do it. Default false. */
  readonly traces?: boolean;
}

const readyLimitMs = 20_000;

/** Starts every node and resolves when all answer. On failure nothing is left behind. */
export async function createProcessCluster(options: ProcessClusterOptions): Promise<Cluster> {
  await sweepWorkFolders();
  const folder = await mkdtemp(join(tmpdir(), workFolderPrefix));
  await writeFile(join(folder, 'owner.pid'), String(process.pid));
  const cluster = new ProcessCluster(options, folder);
  try {
    await cluster.setUp();
    return cluster;
  } catch (error) {
    await cluster.tearDown();
    throw error;
  }
}

interface ProxiedLink extends Link {
  readonly proxy: TcpProxy;
  readonly port: number;
}

class ProcessCluster implements Cluster {
  readonly kind = 'process';
  readonly nodes: readonly string[];
  readonly spares: readonly string[] = [];
  readonly versions: readonly string[] = ['first'];
  readonly disks = createNoDisks('not with processes');
  readonly network: { set: Cluster['network']['set']; read: Cluster['network']['read'] };
  readonly #options: ProcessClusterOptions;
  readonly #folder: string;
  readonly #timers: HarnessTimers = createRealTimers();
  readonly #children = new Map<string, ChildNode>();
  readonly #ports = new Map<string, { readonly client: number; readonly peer: number }>();
  #links: ProxiedLink[] = [];
  #cut: ReadonlySet<string> = new Set();
  #dropped = 0;

  constructor(options: ProcessClusterOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.nodes = options.nodes;
    this.network = {
      set: (links) => Promise.resolve(this.#setCut(links)),
      read: () => Promise.resolve(this.#readNetwork()),
    };
  }

  describe(): string {
    return `${this.nodes.length} processes on loopback, a TCP proxy for each directed pair`;
  }

  capabilities(): Capabilities {
    const noStop = { why: 'Windows has no SIGSTOP', remedy: 'use another system' };
    return capabilitiesOf(
      {
        drop: { available: true, how: 'TCP proxies that keep bytes back' },
        kill: { available: true, how: 'SIGKILL' },
        pause:
          process.platform === 'win32'
            ? { available: false, ...noStop }
            : { available: true, how: 'SIGSTOP' },
      },
      'the process cluster cannot do it yet',
      'use --cluster docker',
    );
  }

  async setUp(): Promise<void> {
    const ports = await allotPorts(this.nodes.length * 2);
    for (const [position, node] of this.nodes.entries()) {
      const [client, peer] = [ports[2 * position] ?? 0, ports[2 * position + 1] ?? 0];
      this.#ports.set(node, { client, peer });
    }
    for (const from of this.nodes) {
      for (const to of this.nodes) {
        if (from !== to) this.#links.push(await this.#openLink(from, to));
      }
    }
    for (const node of this.nodes) {
      const place = this.#place(node);
      await mkdir(place.dataDirectory, { recursive: true });
      const { system, sourceRoot } = this.#options;
      const logPath = join(this.#folder, node, 'server.log');
      this.#children.set(node, new ChildNode(system.command(place, sourceRoot), logPath));
    }
    await Promise.all(this.nodes.map((node) => this.start(node)));
  }

  async start(node: string): Promise<void> {
    const child = this.#child(node);
    child.start();
    await waitUntilReady(node, {
      cluster: this,
      system: this.#options.system,
      timers: this.#timers,
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

  onLogLine(): () => void {
    return () => {};
  }

  mayEnd(): () => void {
    return () => {};
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
    return `127.0.0.1:${this.#ports.get(node)?.client ?? 0}`;
  }

  connect(node: string): Promise<ByteStream> {
    return connectTcpStream('127.0.0.1', this.#ports.get(node)?.client ?? 0);
  }

  async collectLogs(folder: string): Promise<void> {
    for (const node of this.nodes) {
      await mkdir(join(folder, node), { recursive: true });
      const log = await readFile(join(this.#folder, node, 'server.log')).catch(() => '');
      await writeFile(join(folder, node, 'server.log'), log);
      const { traceFile } = this.#place(node);
      if (traceFile === null || !existsSync(traceFile)) continue;
      await copyFile(traceFile, join(folder, node, traceFileName));
    }
  }

  async tearDown(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.end('SIGKILL')));
    const links = this.#links;
    this.#links = [];
    await Promise.all(links.map((link) => link.proxy.close()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #child(node: string): ChildNode {
    const child = this.#children.get(node);
    if (child === undefined) throw new RangeError(`there is no node ${node}`);
    return child;
  }

  get #tellsTraces(): boolean {
    return this.#options.traces === true && this.#options.system.traces;
  }

  #place(node: string): NodePlace {
    const own = this.#ports.get(node) ?? { client: 0, peer: 0 };
    return {
      // The folder's name is as unique as the folder: a port that changes hands connects no two.
      clusterId: basename(this.#folder),
      node,
      listenHost: '127.0.0.1',
      clientPort: own.client,
      peerPort: own.peer,
      dataDirectory: join(this.#folder, node, 'data'),
      joins: false,
      faultDiskFolder: null,
      traceFile: this.#tellsTraces ? join(this.#folder, node, traceFileName) : null,
      peers: this.#links
        .filter((link) => link.from === node)
        .map((link) => ({ node: link.to, address: `127.0.0.1:${link.port}` })),
      clientAddresses: this.nodes.map((each) => ({
        node: each,
        address: this.clientAddress(each),
      })),
    };
  }

  async #openLink(from: string, to: string): Promise<ProxiedLink> {
    const gate = (link: Link): LinkGate => ({
      isCut: () => this.#cut.has(linkName(link)),
      onDropped: () => {
        this.#dropped++;
      },
    });
    const proxy = new TcpProxy({
      target: { host: '127.0.0.1', port: this.#ports.get(to)?.peer ?? 0 },
      forward: gate({ from, to }),
      backward: gate({ from: to, to: from }),
    });
    return { from, to, proxy, port: await proxy.listen() };
  }

  #setCut(rules: readonly LinkRule[]): void {
    this.#cut = new Set(rules.map(linkName));
    for (const { proxy } of this.#links) proxy.release();
  }

  #readNetwork(): NetworkReading {
    const cut = this.#links.filter((link) => this.#cut.has(linkName(link)));
    const mode = { type: 'drop' } as const;
    return {
      rules: cut.map(({ from, to }) => ({ from, to, mode })),
      met: { drop: this.#dropped },
    };
  }
}

function linkName(link: Link): string {
  return `${link.from}>${link.to}`;
}
