/**
 * Three nodes of the reference server as processes on this machine, for measuring.
 *
 * It knows the server as any user does: by its command line and by TCP.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { allotPorts } from '../cluster/free-ports.ts';
import { BenchConnection } from './bench-connection.ts';

export interface BenchCluster {
  readonly folder: string;
  readonly leaderPort: number;
  tearDown(): Promise<void>;
}

const nodes = ['n1', 'n2', 'n3'] as const;
const host = '127.0.0.1';
const readyAttemptsMax = 200;

/** Resolves when a leader has answered a write. */
export async function startBenchCluster(parentFolder: string = tmpdir()): Promise<BenchCluster> {
  const folder = mkdtempSync(join(parentFolder, 'rafture-bench-'));
  // At once, or a port of the first kind could be found free for the second.
  const ports = await allotPorts(2 * nodes.length);
  const clientPorts = ports.slice(0, nodes.length);
  const peerPorts = ports.slice(nodes.length);
  const children = nodes.map((id, position) =>
    startNode(id, {
      folder,
      clientAddresses: nodes.map((node, other) => `${node}=${host}:${clientPorts[other]}`),
      peerAddresses: nodes.map((node, other) => `${node}=${host}:${peerPorts[other]}`),
      position,
    }),
  );
  const tearDown = async () => {
    await Promise.all(children.map(stopChild));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { folder, leaderPort: await findLeader(clientPorts), tearDown };
  } catch (error) {
    await tearDown();
    throw error;
  }
}

interface NodeLayout {
  readonly folder: string;
  readonly clientAddresses: readonly string[];
  readonly peerAddresses: readonly string[];
  readonly position: number;
}

function startNode(id: string, layout: NodeLayout): ChildProcess {
  const { folder, clientAddresses, peerAddresses, position } = layout;
  const own = (addresses: readonly string[]) => addresses[position]?.split('=')[1] ?? '';
  const others = peerAddresses.filter((_, other) => other !== position);
  const main = fileURLToPath(new URL('../../server/main.ts', import.meta.url));
  const flags = [
    ...['--id', id, '--data-dir', join(folder, id), '--log-level', 'warn'],
    ...['--listen-client', own(clientAddresses), '--listen-peer', own(peerAddresses)],
    ...others.flatMap((address) => ['--peer', address]),
    ...clientAddresses.flatMap((address) => ['--client-address', address]),
  ];
  return spawn(process.execPath, [main, ...flags], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { ...process.env, RAFTURE_PARENT_PIPE: '1' },
  });
}

function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

async function findLeader(ports: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < readyAttemptsMax; attempt += 1) {
    for (const port of ports) {
      if (await acceptsWrites(port)) return port;
    }
    await delay(50);
  }
  throw new Error(`no leader answered on the ports ${ports.join(', ')}`);
}

async function acceptsWrites(port: number): Promise<boolean> {
  try {
    const connection = await BenchConnection.open(port);
    const reply = await connection.request(['SET', 'ready', '1']);
    connection.close();
    return reply === '+OK';
  } catch {
    return false;
  }
}
