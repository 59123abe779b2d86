/**
 * The tools that a run's links are kept with, as far as they can be had: the fault agent and, for a
 * run that will use it, the link proxy; and what follows from that for the cluster's abilities.
 *
 * A cluster without some of them is of use still: whoever wants a fault reads the capabilities.
 */
import type { Ability, Capability, ClusterNetwork, LinkMode } from '../cluster.ts';
import { DockerError, type Engine } from './docker-engine.ts';
import { FaultAgent } from './docker-fault-agent.ts';
import { LinkProxy } from './docker-link-proxy.ts';
import { DockerLinks } from './docker-links.ts';
import type { ClusterNetworkPlan } from './docker-network.ts';
import { type BaseImage, prepareLinkImage } from './images/images.ts';

export interface LinkToolsRequest {
  readonly runId: string;
  readonly base: BaseImage;
  readonly prepare: ReadonlySet<Ability>;
  readonly onProgress: (line: string) => void;
}

/** A tool, or why there is none. */
type Tool<T> = { readonly tool: T } | { readonly why: string; readonly remedy: string };

const proxiedAbilities = ['delay', 'rate', 'hold'] as const;
type LinkAbility = LinkMode['type'] | 'client-cut';
const linkAbilities: readonly LinkAbility[] = [
  ...(['drop', 'oneway', 'loss', 'reset', 'client-cut'] as const),
  ...proxiedAbilities,
];

const needsNftables =
  'an engine with nftables in its kernel (the family bridge), where a container of the ' +
  "machine's network may use them: not a rootless one";
const needsBridgeNetfilter =
  'on the machine of the engine: modprobe br_netfilter; sysctl -w ' +
  'net.bridge.bridge-nf-call-iptables=1';
const whyNoBridgeNetfilter =
  'packets between containers do not pass the hooks of IP (br_netfilter is off)';

export class LinkTools {
  readonly #engine: Engine;
  readonly #agent: Tool<FaultAgent>;
  readonly #proxy: Tool<LinkProxy>;

  private constructor(engine: Engine, agent: Tool<FaultAgent>, proxy: Tool<LinkProxy>) {
    this.#engine = engine;
    this.#agent = agent;
    this.#proxy = proxy;
  }

  /** Never rejects: what does not start is missing. */
  static async start(engine: Engine, request: LinkToolsRequest): Promise<LinkTools> {
    const { runId, base } = request;
    const [agent, proxy] = await Promise.all([
      orWhy(FaultAgent.start(engine, { runId, image: base.tag }), needsNftables),
      startProxy(engine, request),
    ]);
    return new LinkTools(engine, agent, proxy);
  }

  /** The network of this cluster; its requests reject where there is no fault agent. */
  open(plan: ClusterNetworkPlan, clientPort: number, peerPort: number): Promise<ClusterNetwork> {
    const agent = this.#agent;
    if ('why' in agent) return Promise.resolve(refusingNetwork(agent.why));
    return DockerLinks.open({
      agent: agent.tool,
      proxy: 'tool' in this.#proxy ? this.#proxy.tool : null,
      plan,
      clientPort,
      peerPort,
      capability: (mode) => this.#capability(mode),
    });
  }

  capabilities(): Readonly<Record<LinkAbility, Capability>> {
    const told = linkAbilities.map((ability) => [ability, this.#capability(ability)]);
    return Object.fromEntries(told) as Record<LinkAbility, Capability>;
  }

  #capability(ability: LinkAbility): Capability {
    if ('why' in this.#agent) return { available: false, ...this.#agent };
    const { whyNoIpTable, whyNoLoss } = this.#agent.tool;
    const transaction = 'one transaction for each change';
    switch (ability) {
      case 'drop':
        return available(`nftables drops packets at the engine's bridge, ${transaction}`);
      case 'oneway':
        return available(`nftables drops all but acknowledgements at the bridge, ${transaction}`);
      case 'client-cut':
        return available("nftables drops packets of the clients' port at the bridge");
      case 'loss':
        return whyNoLoss === null
          ? available('nftables drops packets at random (numgen), not by the seed')
          : { available: false, why: whyNoLoss, remedy: 'a kernel with CONFIG_NFT_NUMGEN' };
      default:
    }
    if (whyNoIpTable !== null) {
      return { available: false, why: whyNoIpTable, remedy: needsNftables };
    }
    if (!this.#engine.bridgePassesIp) {
      return { available: false, why: whyNoBridgeNetfilter, remedy: needsBridgeNetfilter };
    }
    if (ability === 'reset') return available('nftables answers for the other end with a reset');
    if ('why' in this.#proxy) return { available: false, ...this.#proxy };
    return available(
      'a TCP proxy in the engine; nftables leads connections of the pair to it, and later past ' +
        'it again: each time they begin anew',
    );
  }
}

function available(how: string): Capability {
  return { available: true, how };
}

async function startProxy(engine: Engine, request: LinkToolsRequest): Promise<Tool<LinkProxy>> {
  const { runId, base, prepare, onProgress } = request;
  if (!proxiedAbilities.some((ability) => prepare.has(ability))) {
    return {
      why: 'it was not prepared when the cluster was made',
      remedy: 'ask for the fault when the run begins',
    };
  }
  const started = prepareLinkImage(engine, base, onProgress).then((image) =>
    LinkProxy.start(engine, { runId, image }),
  );
  return orWhy(started, "an engine that runs containers in its machine's network");
}

function orWhy<T>(started: Promise<T>, remedy: string): Promise<Tool<T>> {
  return started.then(
    (tool) => ({ tool }),
    (error: unknown) => ({ why: error instanceof Error ? error.message : String(error), remedy }),
  );
}

function refusingNetwork(why: string): ClusterNetwork {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new DockerError('no-fault-agent', `no fault of the network is possible: ${why}`),
    );
  return { set: refuse, read: refuse };
}
