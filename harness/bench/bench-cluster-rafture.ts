/** The reference server as something to measure: its command line, and who leads. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchSystem, ClusterLayout, NodeCommand } from './bench-cluster.ts';
import { nodeNames } from './bench-cluster.ts';
import { ask, askInfo } from './bench-connection.ts';

export interface RaftureOptions {
  readonly name: string;
  /** The server's main.ts; that of this checkout unless another is to be measured. */
  readonly main: string;
  /** For Node itself, such as `--cpu-prof`. */
  readonly nodeFlags: readonly string[];
  /** Beside those that say who is who. */
  readonly serverFlags: readonly string[];
}

export const ownMain: string = fileURLToPath(new URL('../../server/main.ts', import.meta.url));

export function createRafture(options: RaftureOptions): BenchSystem {
  return {
    name: options.name,
    store: 'resp',
    nodeCommand: (position, layout) => raftureCommand(options, position, layout),
    findLeader,
  };
}

function raftureCommand(
  options: RaftureOptions,
  position: number,
  layout: ClusterLayout,
): NodeCommand {
  const id = nodeNames[position] ?? '';
  const named = (addresses: readonly string[]) =>
    addresses.map((address, other) => `${nodeNames[other]}=${address}`);
  const peers = named(layout.peerAddresses).filter((_, other) => other !== position);
  const flags = [
    ...['--id', id, '--data-dir', join(layout.folder, id), '--log-level', 'warn'],
    ...['--listen-client', layout.clientAddresses[position] ?? ''],
    ...['--listen-peer', layout.peerAddresses[position] ?? ''],
    ...peers.flatMap((peer) => ['--peer', peer]),
    ...named(layout.clientAddresses).flatMap((address) => ['--client-address', address]),
    ...options.serverFlags,
  ];
  return {
    file: process.execPath,
    args: [...options.nodeFlags, options.main, ...flags],
    env: { RAFTURE_PARENT_PIPE: '1' },
  };
}

/** It leads when it says so and a write proves it. */
async function findLeader(addresses: readonly string[]): Promise<number | null> {
  for (const [position, address] of addresses.entries()) {
    try {
      if ((await askInfo(address)).get('role') !== 'leader') continue;
      const reply = await ask(address, ['SET', 'ready', '1']);
      if (reply.type === 'simple') return position;
    } catch {
      // It is not there yet, or not any more.
    }
  }
  return null;
}

/** Whether that server knows a flag: an older one may be measured too. */
export function knowsFlag(main: string, flag: string): boolean {
  const { stdout } = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
  return stdout.includes(flag);
}
