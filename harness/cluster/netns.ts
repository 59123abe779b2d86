/**
 * The network of child processes in network namespaces: a bridge, and a namespace for each node.
 *
 * Packets are dropped, and connections reset, by nftables at the bridge. What dropping packets
 * cannot do (delay, rate, hold) proxies do, in the namespace of who opens the connection, where
 * these were prepared. All of it is in namespaces of its own, and goes with the processes in them.
 */
import {
  type Ability,
  type ByteStream,
  type Capability,
  clientsEnd,
  type Link,
  type LinkRule,
  type NetworkReading,
  networkReading,
} from '../cluster.ts';
import { isProxied } from './docker-link-protocol.ts';
import { NetnsHelper } from './netns-helper-link.ts';
import { startNft } from './netns-nft.ts';
import {
  bridgeAddress,
  type LineModes,
  type NetnsNode,
  namespaceFolder,
  switchNamespace,
} from './netns-protocol.ts';
import type { LinkPlaces, NftAgent } from './nft-agent.ts';
import {
  connectLimitMs,
  type NetworkPlace,
  type ProcessNetwork,
  type ProcessNetworkRequest,
} from './process-network.ts';
import { streamOf } from './tcp-stream.ts';

const clientPort = 6379;
const peerPort = 7000;
const proxiedModes = ['delay', 'rate', 'hold'] as const;

/** Ways into namespaces of one's own: as root, and as anybody. */
const rootWay: readonly string[] = ['unshare', '--net', '--mount', '--'];
const ordinaryWay: readonly string[] = [
  'unshare',
  '--user',
  '--map-root-user',
  ...rootWay.slice(1),
];

/** Rejects with what the machine refuses; nothing is left then. */
export async function createNamespaces(
  request: ProcessNetworkRequest,
  guard: readonly string[],
): Promise<ProcessNetwork> {
  const ways = process.geteuid?.() === 0 ? [rootWay, ordinaryWay] : [ordinaryWay];
  let failure: unknown;
  for (const way of ways) {
    const network = new NetnsNetwork(request, guard, way);
    try {
      await network.open();
      return network;
    } catch (error) {
      await network.close();
      failure ??= error;
    }
  }
  throw failure;
}

class NetnsNetwork implements ProcessNetwork {
  readonly kind = 'namespaces';
  readonly description: string;
  readonly #request: ProcessNetworkRequest;
  readonly #guard: readonly string[];
  readonly #isOrdinary: boolean;
  readonly #nodes: ReadonlyMap<string, NetnsNode>;
  readonly #places: LinkPlaces;
  readonly #keeper: NetnsHelper;
  /** With the proxies of what each opens; of the clients, too. */
  readonly #helpers = new Map<string, NetnsHelper>();
  readonly #ports = new Map<string, number>();
  #nft: NftAgent | null = null;

  constructor(request: ProcessNetworkRequest, guard: readonly string[], way: readonly string[]) {
    this.#request = request;
    this.#guard = guard;
    this.#isOrdinary = way === ordinaryWay;
    this.description = this.#isOrdinary
      ? 'in network namespaces of an ordinary user, nftables between them'
      : 'in network namespaces, nftables between them';
    this.#nodes = new Map(
      request.nodes.map((node, at) => [
        node,
        {
          ...{ node, namespace: `node${at + 1}` },
          ...{ address: `10.77.0.${at + 11}`, uncutAddress: `10.78.0.${at + 11}` },
        },
      ]),
    );
    const nodes = [...this.#nodes.values()].map(({ address }) => address);
    // No packet is led anywhere: nodes are told of the proxies as of their peers.
    this.#places = { nodes, clientPort, peerPort, gateway: bridgeAddress, doors: new Map() };
    this.#keeper = new NetnsHelper([...way, ...guard]);
  }

  async open(): Promise<void> {
    await this.#keeper.request({ type: 'build', nodes: [...this.#nodes.values()] });
    const isProxying = proxiedModes.some((mode) => this.#request.prepare.has(mode));
    const opened = isProxying ? this.#openProxies() : null;
    this.#nft = await startNft([...this.#enter(switchNamespace), ...this.#guard]);
    await opened;
  }

  async #openProxies(): Promise<void> {
    const { seed, nodes, prepare } = this.#request;
    for (const node of nodes) {
      this.#helpers.set(node, new NetnsHelper([...this.entrance(node), ...this.#guard]));
    }
    if (prepare.has('client-cut')) this.#helpers.set(clientsEnd, this.#keeper);
    await Promise.all(
      [...this.#helpers].map(async ([from, helper]) => {
        const roads = nodes
          .filter((to) => to !== from)
          .map((to) => {
            const port = from === clientsEnd ? clientPort : peerPort;
            return { from, to, host: this.#node(to).address, port };
          });
        const { ports } = await helper.request({ type: 'open', seed, roads });
        for (const [at, { to }] of roads.entries())
          this.#ports.set(`${from}>${to}`, ports[at] ?? 0);
      }),
    );
  }

  get abilities(): Readonly<Partial<Record<Ability, Capability>>> {
    const how = (text: string): Capability => ({ available: true, how: text });
    const not = (why: string, remedy: string): Capability => ({ available: false, why, remedy });
    const { whyNoLoss = null, whyNoIpTable = null } = this.#nft ?? {};
    const update = 'use a newer kernel, or --process-network proxies';
    const proxied =
      this.#helpers.size > 0
        ? how('TCP proxies in the namespace of who opens a connection; each opener for itself')
        : not('the proxies of links were not prepared', 'name the fault with --nemesis');
    return {
      drop: how('nftables at the bridge drops packets'),
      oneway: how('nftables at the bridge drops all but bare acknowledgements'),
      loss: whyNoLoss === null ? how('nftables drops packets at random') : not(whyNoLoss, update),
      reset:
        whyNoIpTable === null ? how('nftables answers with TCP resets') : not(whyNoIpTable, update),
      'client-cut': how('nftables at the bridge, which clients have their own end at'),
      ...{ delay: proxied, rate: proxied, hold: proxied },
    };
  }

  readonly entrance = (node: string): readonly string[] => this.#enter(this.#node(node).namespace);

  #enter(namespace: string): readonly string[] {
    const keeper = `/proc/${this.#keeper.processId}`;
    const user = [`--user=${keeper}/ns/user`, '--preserve-credentials'];
    return [
      'nsenter',
      ...(this.#isOrdinary ? user : []),
      `--net=${keeper}/root${namespaceFolder}/${namespace}`,
      '--',
    ];
  }

  place(node: string): NetworkPlace {
    const peers = this.#request.nodes.filter((each) => each !== node);
    return {
      listenHost: '0.0.0.0',
      ...{ clientPort, peerPort },
      peers: peers.map((peer) => {
        const proxy = this.#ports.get(`${node}>${peer}`);
        const direct = `${this.#node(peer).address}:${peerPort}`;
        return { node: peer, address: proxy === undefined ? direct : `127.0.0.1:${proxy}` };
      }),
    };
  }

  clientAddress(node: string): string {
    return `${this.#node(node).address}:${clientPort}`;
  }

  async connect(node: string): Promise<ByteStream> {
    const { address } = this.#node(node);
    const request = { host: address, port: clientPort, node };
    return streamOf(await this.#keeper.connect(request, connectLimitMs));
  }

  async connectUncut(node: string): Promise<ByteStream> {
    const { uncutAddress } = this.#node(node);
    const request = { host: uncutAddress, port: clientPort, node: null };
    return streamOf(await this.#keeper.connect(request, connectLimitMs));
  }

  async set(rules: readonly LinkRule[]): Promise<void> {
    const kept = rules.filter(({ mode }) => !isProxied(mode));
    const proxied = rules.filter(({ mode }) => isProxied(mode));
    for (const rule of rules) this.#check(rule);
    const lines = linesOf(proxied);
    await Promise.all([
      this.#agent.set(
        this.#places,
        kept.map((rule) => this.#addressed(rule)),
      ),
      ...[...this.#helpers.values()].map((helper) => helper.request({ type: 'modes', lines })),
    ]);
  }

  async read(): Promise<NetworkReading> {
    const [tables, ...answers] = await Promise.all([
      this.#agent.read(this.#places),
      ...[...this.#helpers.values()].map((helper) => helper.request({ type: 'read' })),
    ]);
    const kept = tables.rules.map((rule) => this.#named(rule));
    const proxied = proxiedRules(answers.map(({ lines }) => lines));
    const counted = tables.met.map((met) => this.#named(met));
    return networkReading(
      [...kept, ...proxied],
      [...counted, ...answers.flatMap(({ met }) => met)],
    );
  }

  async close(): Promise<void> {
    await this.#nft?.stop();
    await Promise.all([...this.#helpers.values(), this.#keeper].map((helper) => helper.stop()));
  }

  get #agent(): NftAgent {
    if (this.#nft === null) throw new Error('the network is not there yet');
    return this.#nft;
  }

  #node(node: string): NetnsNode {
    const found = this.#nodes.get(node);
    if (found === undefined) throw new RangeError(`there is no node ${node}`);
    return found;
  }

  /** Throws when the rule cannot be kept. */
  #check({ from, to, mode }: LinkRule): void {
    for (const end of [from, to]) if (end !== clientsEnd) this.#node(end);
    const capability = this.abilities[mode.type];
    if (capability?.available === false) throw new Error(capability.why);
    const isOfClients = from === clientsEnd || to === clientsEnd;
    if (isProxied(mode) && isOfClients && !this.#helpers.has(clientsEnd)) {
      throw new Error('the proxies for clients were not prepared');
    }
  }

  #addressed(rule: LinkRule): LinkRule {
    const addressOf = (end: string) => (end === clientsEnd ? end : this.#node(end).address);
    return { ...rule, from: addressOf(rule.from), to: addressOf(rule.to) };
  }

  #named<On extends Link>(on: On): On {
    const nameOf = (end: string) =>
      [...this.#nodes.values()].find(({ address }) => address === end)?.node ?? end;
    return { ...on, from: nameOf(on.from), to: nameOf(on.to) };
  }
}

/** The modes of each direction that has some. */
function linesOf(rules: readonly LinkRule[]): readonly LineModes[] {
  const lines = new Map<string, LineModes>();
  for (const { from, to, mode } of rules) {
    const name = `${from}>${to}`;
    lines.set(name, { from, to, modes: [...(lines.get(name)?.modes ?? []), mode] });
  }
  return [...lines.values()];
}

/** A direction is in the proxies of both of its ends: a rule is in force when both have it. */
function proxiedRules(told: readonly (readonly LineModes[])[]): readonly LinkRule[] {
  const lines = told.flat();
  const rules = new Map<string, LinkRule>();
  for (const { from, to, modes } of lines) {
    const same = lines.filter((line) => line.from === from && line.to === to);
    for (const mode of modes) {
      const words = JSON.stringify(mode);
      const isEverywhere = same.every((line) =>
        line.modes.some((other) => JSON.stringify(other) === words),
      );
      if (isEverywhere) rules.set(`${from}>${to} ${words}`, { from, to, mode });
    }
  }
  return [...rules.values()];
}
