/**
 * Nodes of the server as real processes on loopback, for tests: started by their command line,
 * asked over TCP, killed. Nothing but tests may use it.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const host = '127.0.0.1';
const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url));
/** What Node compiles of the sources: made by the first process that ends of itself, then used. */
const compileCache = fileURLToPath(
  new URL('../../node_modules/.cache/rafture-server-tests', import.meta.url),
);
/** Between two questions to nodes that are busy electing: asking takes their time away. */
const pauseMs = 20;

export interface Ended {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TestNode {
  readonly id: string;
  readonly clientPort: number;
  /** It listens, or has ended without that. Asking before only takes its time away. */
  readonly serving: Promise<void>;
  readonly ended: Promise<Ended>;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  endStdin(): void;
}

/** Runs `server/main.ts`; it dies with the test by the end of its stdin. */
export function runServer(flags: readonly string[]): {
  readonly serving: Promise<void>;
  readonly ended: Promise<Ended>;
  readonly kill: (signal: 'SIGKILL' | 'SIGTERM') => void;
  readonly endStdin: () => void;
} {
  const child = execa(process.execPath, [mainFile, ...flags], {
    reject: false,
    stdin: 'pipe',
    env: { RAFTURE_PARENT_PIPE: '1', NODE_COMPILE_CACHE: compileCache },
  });
  const ended = child.then(({ exitCode, signal, stdout, stderr }) => ({
    exitCode,
    signal,
    stdout,
    stderr,
  }));
  const serving = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer | string) => {
      if (text.toString().includes('"msg":"serving"')) resolve();
    });
    void ended.then(() => resolve());
  });
  return {
    serving,
    ended,
    kill: (signal) => child.kill(signal),
    endStdin: () => child.stdin.end(),
  };
}

export class TestProcesses {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'rafture-main-'));
  readonly #ports = new Map<string, { readonly client: number; readonly peer: number }>();
  readonly #running = new Set<TestNode>();
  /** Those that were not in the cluster from the start. */
  readonly #joined = new Set<string>();
  readonly #extraFlags: readonly string[];

  private constructor(extraFlags: readonly string[]) {
    this.#extraFlags = extraFlags;
  }

  /** With extra flags for each of its nodes. */
  static async create(
    ids: readonly string[],
    extraFlags: readonly string[] = [],
  ): Promise<TestProcesses> {
    const processes = new TestProcesses(extraFlags);
    const ports = await freePorts(2 * ids.length);
    for (const [position, id] of ids.entries()) {
      const [client = 0, peer = 0] = ports.slice(2 * position);
      processes.#ports.set(id, { client, peer });
    }
    return processes;
  }

  /** Started, and not yet ended. */
  get running(): readonly TestNode[] {
    return [...this.#running];
  }

  clientPort(id: string): number {
    return this.#ports.get(id)?.client ?? 0;
  }

  peerPort(id: string): number {
    return this.#ports.get(id)?.peer ?? 0;
  }

  dataDirectory(id: string): string {
    return join(this.folder, id);
  }

  flags(id: string): readonly string[] {
    const founders = [...this.#ports].filter(([other]) => !this.#joined.has(other));
    const peers = founders.filter(([other]) => other !== id);
    const named = this.#joined.has(id)
      ? ['--join']
      : [
          ...peers.flatMap(([other, { peer }]) => ['--peer', `${other}=${host}:${peer}`]),
          ...founders.flatMap(([other, { client }]) => [
            '--client-address',
            `${other}=${host}:${client}`,
          ]),
        ];
    return [...this.#ownFlags(id), ...named, ...this.#extraFlags];
  }

  #ownFlags(id: string): readonly string[] {
    const own = this.#ports.get(id);
    return [
      ...['--id', id, '--data-dir', this.dataDirectory(id), '--log-level', 'info'],
      ...['--listen-client', `${host}:${own?.client}`, '--listen-peer', `${host}:${own?.peer}`],
    ];
  }

  /** Also again, on the same directory, once the one before has ended. */
  start(id: string, extraFlags: readonly string[] = []): TestNode {
    return this.run(id, [...this.flags(id), ...extraFlags]);
  }

  /** Starts a node that was not in the cluster from the start, and knows nobody. */
  async join(id: string, extraFlags: readonly string[] = []): Promise<TestNode> {
    const [client = 0, peer = 0] = await freePorts(2);
    this.#ports.set(id, { client, peer });
    this.#joined.add(id);
    return this.start(id, extraFlags);
  }

  /** With these flags and no others. */
  run(id: string, flags: readonly string[]): TestNode {
    const node: TestNode = { id, clientPort: this.clientPort(id), ...runServer(flags) };
    this.#running.add(node);
    void node.ended.then(() => this.#running.delete(node));
    return node;
  }

  /** The first of the nodes that takes a write. */
  async leader(nodes: readonly TestNode[]): Promise<TestNode> {
    await Promise.all(nodes.map(({ serving }) => serving));
    return until(async () => {
      for (const node of nodes) {
        const reply = await ask(node.clientPort, ['SET', 'ready', 'yes']).catch(() => null);
        if (reply === '+OK') return node;
      }
      return null;
    });
  }

  async tearDown(): Promise<void> {
    const nodes = this.running;
    for (const node of nodes) node.kill('SIGKILL');
    await Promise.all(nodes.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What is found, asked for again and again while it is null. */
export async function until<T>(find: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== null) return found;
    await pause(pauseMs);
  }
}

/** A request and its reply: the line of a simple one, the text of a bulk string, null for none. */
export function ask(port: number, parts: readonly string[]): Promise<string | null> {
  const request = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('');
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    let received = '';
    socket.on('connect', () => socket.write(`*${parts.length}\r\n${request}`));
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
      const reply = parseReply(received);
      if (reply === undefined) return;
      resolve(reply);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without a reply')));
  });
}

/** Undefined while it is not whole. */
function parseReply(received: string): string | null | undefined {
  const lineEnd = received.indexOf('\r\n');
  if (lineEnd < 0) return undefined;
  const line = received.slice(0, lineEnd);
  if (!line.startsWith('$')) return line;
  const length = Number(line.slice(1));
  if (length < 0) return null;
  const bulk = received.slice(lineEnd + 2);
  return bulk.length < length + 2 ? undefined : bulk.slice(0, length);
}

/**
 * Below the range that systems draw the ports of outgoing connections from: another test's
 * connection must not take a node's port while the node is down.
 */
const portRange = { first: 30_000, last: 32_767 };

/** Free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(portRange.first, portRange.last + 1);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port }, () => server.close(() => resolve(true)));
  });
}
