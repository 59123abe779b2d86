/**
 * etcd as something to measure, with the settings that it has by itself; only its addresses, its
 * folder and how much it logs are given.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { BenchSystem, ClusterLayout, NodeCommand } from './bench-cluster.ts';
import { nodeNames } from './bench-cluster.ts';

/** Looked for on the PATH. */
const program: string = 'etcd';

/** Null when there is no etcd on this machine. */
export function findEtcdVersion(): string | null {
  const { stdout, status } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/etcd Version: (\S+)/.exec(stdout)?.[1] ?? null) : null;
}

export function createEtcd(version: string): BenchSystem {
  return { name: `etcd ${version}`, store: 'etcd', nodeCommand: etcdCommand, findLeader };
}

function etcdCommand(position: number, layout: ClusterLayout): NodeCommand {
  const name = nodeNames[position] ?? '';
  const client = `http://${layout.clientAddresses[position]}`;
  const peer = `http://${layout.peerAddresses[position]}`;
  const all = layout.peerAddresses.map((address, other) => `${nodeNames[other]}=http://${address}`);
  return {
    file: program,
    args: [
      ...['--name', name, '--data-dir', join(layout.folder, name)],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', all.join(','), '--initial-cluster-state', 'new'],
      ...['--logger', 'zap', '--log-level', 'error'],
    ],
  };
}

async function findLeader(addresses: readonly string[]): Promise<number | null> {
  for (const [position, address] of addresses.entries()) {
    if (await leads(address)) return position;
  }
  return null;
}

async function leads(address: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
    });
    return isLeaderStatus(await response.text());
  } catch {
    return false;
  }
}

/** By etcd's JSON gateway: a leader names itself as the leader. */
export function isLeaderStatus(text: string): boolean {
  const own = /"member_id":"(\d+)"/.exec(text)?.[1];
  const leader = /"leader":"(\d+)"/.exec(text)?.[1];
  return own !== undefined && own === leader;
}
