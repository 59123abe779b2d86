/**
 * The cluster's own network: a subnet that nobody uses, static addresses, free ports for clients.
 *
 * Addresses are static because the fault agent's rules name them: the engine would give a restarted
 * node the next free one. Ports are fixed because clients and redirects name them.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import {
  DockerError,
  describeError,
  type Engine,
  harnessLabel,
  runLabel,
} from './docker-engine.ts';

export interface ClusterNetworkPlan {
  readonly networkName: string;
  readonly subnet: string;
  /** The engine's own address in it. */
  readonly gateway: string;
  /** `10.77.3.11`, by node. */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Two bytes each; a third is drawn. The last is set aside for tests of networks. */
const prefixes = ['10.77', '172.30', '192.168', '10.213', '198.18'];
const attemptsPerPrefix = 12;
const firstHost = 11;
const hostsMax = 240;

export async function createNetwork(
  engine: Engine,
  options: {
    readonly runId: string;
    /** As describeHarness has it. */
    readonly harness: string;
    readonly nodes: readonly string[];
  },
): Promise<ClusterNetworkPlan> {
  const { runId, harness, nodes } = options;
  if (nodes.length > hostsMax) throw new RangeError(`at most ${hostsMax} nodes fit a network`);
  const used = [...(await engineRanges(engine)), ...machineRanges()];
  let lastError: unknown = 'every candidate is in use';
  for (let attempt = 0; attempt < prefixes.length * attemptsPerPrefix; attempt++) {
    const prefix = prefixes[Math.floor(attempt / attemptsPerPrefix)] ?? '10.77';
    const base = `${prefix}.${randomInt(256)}`;
    const subnet = `${base}.0/24`;
    if (used.some((range) => overlaps(range, parseRange(subnet)))) continue;
    const networkName = `rafture-${runId}`;
    const gateway = `${base}.1`;
    try {
      await engine.docker.createNetwork({
        Name: networkName,
        CheckDuplicate: true,
        Driver: 'bridge',
        IPAM: { Driver: 'default', Config: [{ Subnet: subnet, Gateway: gateway }] },
        Labels: { [runLabel]: runId, [harnessLabel]: harness },
      });
    } catch (error) {
      if (!/overlap/i.test(describeError(error))) throw error;
      lastError = error;
      continue;
    }
    const addresses = new Map(nodes.map((node, index) => [node, `${base}.${firstHost + index}`]));
    return { networkName, subnet, gateway, addresses };
  }
  const why = describeError(lastError);
  throw new DockerError('no-network', `no free subnet for the cluster's network: ${why}`);
}

interface Range {
  readonly start: number;
  readonly size: number;
}

async function engineRanges(engine: Engine): Promise<readonly Range[]> {
  const networks = await engine.docker.listNetworks();
  return networks.flatMap((network) =>
    (network.IPAM?.Config ?? []).flatMap(({ Subnet: subnet }) =>
      subnet?.includes('.') ? [parseRange(subnet)] : [],
    ),
  );
}

/** What this machine's interfaces and routes reach, but for the route to everywhere. */
function machineRanges(): readonly Range[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).flatMap(({ family, cidr }) =>
      family === 'IPv4' && cidr !== null ? [parseRange(cidr)] : [],
    ),
  );
  return [...own, ...routedRanges()];
}

/** Linux alone lists its routes in a file; elsewhere the engine runs in a machine of its own. */
function routedRanges(): readonly Range[] {
  let table: string;
  try {
    table = readFileSync('/proc/net/route', 'utf8');
  } catch {
    return [];
  }
  return table
    .trim()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.split('\t');
      const mask = littleEndian(fields[7] ?? '0');
      const start = littleEndian(fields[1] ?? '0');
      // A route as wide as a tenth of the address space is a default route by another name.
      return mask < 0xff000000 ? [] : [{ start, size: 2 ** 32 - mask }];
    });
}

function littleEndian(hex: string): number {
  return Buffer.from(hex.padStart(8, '0'), 'hex').readUInt32LE();
}

/** `10.77.3.0/24`; the address may lie anywhere in the range. */
export function parseRange(cidr: string): Range {
  const [address = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const number = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return { start: number - (number % size), size };
}

export function overlaps(a: Range, b: Range): boolean {
  return a.start < b.start + b.size && b.start < a.start + a.size;
}
