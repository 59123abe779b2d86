/**
 * Chooses the network of child processes, and says why: namespaces where they can be had, for their
 * partitions are those of packets; else the proxies, which need nothing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Capability, clientsEnd } from '../cluster.ts';
import { createNamespaces } from './netns.ts';
import { systemPath } from './netns-protocol.ts';
import { findDeathGuard } from './process-guard.ts';
import type { ProcessNetwork, ProcessNetworkRequest } from './process-network.ts';
import { createProxies } from './process-proxies.ts';

/** Namespaces were asked for by name, and cannot be had; the message ends with what helps. */
class NoNamespacesError extends Error {
  override readonly name = 'NoNamespacesError';
  readonly remedy: string;

  constructor(why: string, remedy: string) {
    super(`no network namespaces: ${why}; ${remedy}`);
    this.remedy = remedy;
  }
}

/** `auto`: namespaces where they can be had, else proxies. */
export type NetworkChoice = 'auto' | 'namespaces' | 'proxies';

export interface ChosenNetwork {
  readonly network: ProcessNetwork;
  /** Why this one and not the other. */
  readonly reason: string;
}

/** Rejects when what was asked for by name cannot be had. */
export async function createProcessNetwork(
  choice: NetworkChoice,
  request: ProcessNetworkRequest,
): Promise<ChosenNetwork> {
  if (choice === 'proxies') {
    return { network: await createProxies(request), reason: 'as was asked for' };
  }
  const tried = await tryNamespaces(request);
  if ('network' in tried) {
    return { network: tried.network, reason: choice === 'auto' ? tried.how : 'as was asked for' };
  }
  const { why, remedy } = tried;
  if (choice === 'namespaces') throw new NoNamespacesError(why, remedy);
  return { network: await createProxies(request), reason: `no network namespaces: ${why}` };
}

/** Which networks can be had here: a small one of each is made, tried and removed. */
export interface ProcessNetworkProbe {
  readonly namespaces: Capability;
  readonly proxies: Capability;
}

export async function probeProcessNetwork(): Promise<ProcessNetworkProbe> {
  const prepare = new Set(['delay', 'client-cut'] as const);
  const request = { nodes: ['n1', 'n2'], prepare, seed: 0 };
  const tried = await tryNamespaces(request);
  const proxies: Capability = { available: true, how: 'TCP proxies on loopback need nothing' };
  if (!('network' in tried)) return { namespaces: { available: false, ...tried }, proxies };
  const { network, how } = tried;
  try {
    await network.set([{ from: clientsEnd, to: 'n1', mode: { type: 'drop' } }]);
    const { rules } = await network.read();
    if (rules.length !== 1) throw new Error('a rule was not read back');
    return { namespaces: { available: true, how }, proxies };
  } catch (error) {
    const why = messageOf(error);
    return {
      namespaces: { available: false, why, remedy: 'use --process-network proxies' },
      proxies,
    };
  } finally {
    await network.close();
  }
}

type Tried =
  | { readonly network: ProcessNetwork; readonly how: string }
  | { readonly why: string; readonly remedy: string };

async function tryNamespaces(request: ProcessNetworkRequest): Promise<Tried> {
  if (process.platform !== 'linux') {
    return { why: `${process.platform} has none`, remedy: 'use Linux, or --cluster docker' };
  }
  const missing = Object.keys(packages).filter((program) => !isInstalled(program));
  if (missing.length > 0) {
    const names = [...new Set(missing.map((program) => packages[program]))];
    const remedy = `install ${names.join(' and ')}, or use --cluster docker`;
    return { why: `there is no ${missing.join(' and no ')} in ${systemPath}`, remedy };
  }
  try {
    const network = await createNamespaces(request, await findDeathGuard());
    return { network, how: 'rather than by proxies: here it is packets that are dropped' };
  } catch (error) {
    return explain(messageOf(error));
  }
}

/** The programs that make namespaces, and where they come from. */
const packages: Readonly<Record<string, string>> = {
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  ip: 'iproute2',
  nft: 'nftables',
};

function isInstalled(program: string): boolean {
  return systemPath.split(':').some((folder) => existsSync(join(folder, program)));
}

/** What to do about what the machine refused, by what its kernel is configured with. */
function explain(failure: string): { readonly why: string; readonly remedy: string } {
  for (const { name, refuses, remedy } of switches) {
    if (readSwitch(name) === refuses) {
      return { why: `${name} is ${refuses}: ${failure}`, remedy };
    }
  }
  const remedy = 'run as root, or in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN';
  return { why: failure, remedy };
}

/** Settings by which a kernel keeps ordinary users from namespaces. */
const switches = [
  {
    name: 'kernel.apparmor_restrict_unprivileged_userns',
    refuses: '1',
    // So it is on Ubuntu since 24.04.
    remedy: 'run as root, or: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
  {
    name: 'kernel.unprivileged_userns_clone',
    refuses: '0',
    remedy: 'run as root, or: sudo sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    name: 'user.max_user_namespaces',
    refuses: '0',
    remedy: 'run as root, or: sudo sysctl user.max_user_namespaces=1000',
  },
] as const;

function readSwitch(name: string): string | null {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return null;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
