/**
 * The links of a docker cluster: rules by the names of nodes, kept by the fault agent and, what
 * dropping packets cannot do, by the link proxy.
 *
 * The fault agent's transaction is the moment at which rules come into force or go. The link proxy
 * knows its part before, when nothing passes through it yet, and lets connections go after.
 */
import {
  type Capability,
  type ClusterNetwork,
  clientsEnd,
  type Link,
  type LinkMode,
  type LinkRule,
  type NetworkReading,
  networkReading,
} from '../cluster.ts';
import { DockerError } from './docker-engine.ts';
import type { FaultAgent, LinkPlaces } from './docker-fault-agent.ts';
import { isProxied, type LineModes } from './docker-link-protocol.ts';
import type { LinkProxy } from './docker-link-proxy.ts';
import type { ClusterNetworkPlan } from './docker-network.ts';
import { describeOpening, proxiedOpenings } from './docker-nft.ts';
import type { TablesReading } from './docker-nft-listing.ts';

export interface DockerLinksParts {
  readonly agent: FaultAgent;
  /** null: not asked for, or it does not start. */
  readonly proxy: LinkProxy | null;
  readonly plan: ClusterNetworkPlan;
  readonly clientPort: number;
  readonly peerPort: number;
  /** Of each mode whether it can be had. */
  readonly capability: (mode: LinkMode['type']) => Capability;
}

export class DockerLinks implements ClusterNetwork {
  readonly #parts: DockerLinksParts;
  readonly #places: LinkPlaces;
  readonly #names: ReadonlyMap<string, string>;
  /** What the link proxy has been told, and what is led to it. */
  #lines: readonly LineModes[] = [];
  /** Whether something may still pass through it, though nothing is led to it any more. */
  #carries = false;
  #openings: readonly string[] = [];

  private constructor(parts: DockerLinksParts, doors: ReadonlyMap<string, number>) {
    const { plan, clientPort, peerPort } = parts;
    const nodes = [...plan.addresses.values()];
    this.#parts = parts;
    this.#places = { nodes, clientPort, peerPort, gateway: plan.gateway, doors };
    this.#names = new Map([...plan.addresses].map(([node, address]) => [address, node]));
  }

  /** The link proxy has a door for every opening before a rule needs one. */
  static async open(parts: DockerLinksParts): Promise<DockerLinks> {
    const { proxy, plan, clientPort, peerPort } = parts;
    if (proxy === null) return new DockerLinks(parts, new Map());
    const nodes = [...plan.addresses.values()];
    const openings = nodes.flatMap((to) => [
      { from: clientsEnd, to, port: clientPort },
      ...nodes.filter((from) => from !== to).map((from) => ({ from, to, port: peerPort })),
    ]);
    const ports = await proxy.open(plan.gateway, openings);
    return new DockerLinks(
      parts,
      new Map(openings.map((opening, at) => [describeOpening(opening), ports[at] ?? 0])),
    );
  }

  async set(rules: readonly LinkRule[]): Promise<void> {
    const { agent } = this.#parts;
    for (const { mode } of rules) this.#checkAvailable(mode.type);
    const addressed = rules.map((rule) => this.#addressed(rule));
    const openings = proxiedOpenings(addressed);
    const before = this.#lines;
    this.#carries ||= openings.length > 0;
    await this.#tellProxy(linesOf(addressed)).catch((error: unknown) => {
      // What needs no proxy is not held up by one that is gone: least of all a healing.
      if (openings.length > 0) throw error;
    });
    try {
      await agent.set(this.#places, addressed);
    } catch (error) {
      await this.#tellProxy(before).catch(() => {});
      throw error;
    }
    await this.#letGo(openings.map(describeOpening));
  }

  async read(): Promise<NetworkReading> {
    const { agent, proxy } = this.#parts;
    const [tables, state] = await Promise.all([
      agent.read(this.#places),
      proxy?.read().catch((error: unknown) => {
        if (this.#openings.length > 0) throw error;
      }),
    ]);
    const met = [...tables.met, ...(state?.met ?? [])].map((each) => this.#named(each));
    const proxied = keptByProxy(tables, state?.lines ?? []);
    const rules = [...tables.rules, ...proxied].map((rule) => this.#named(rule));
    return networkReading(rules, met);
  }

  /** A proxy that carries nothing, and will not, is not asked. */
  async #tellProxy(lines: readonly LineModes[]): Promise<void> {
    const { proxy } = this.#parts;
    if (proxy === null || !this.#carries) return;
    const { connections } = await proxy.setModes(lines);
    this.#lines = lines;
    const isNeeded = lines.some(({ modes }) => modes.some(isProxied));
    this.#carries = isNeeded || connections > 0 || this.#openings.length > 0;
  }

  /** Connections that are led to the proxy no more end soon, and are made anew past it. */
  async #letGo(openings: readonly string[]): Promise<void> {
    const left = this.#openings.filter((opening) => !openings.includes(opening));
    this.#openings = openings;
    if (left.length === 0) return;
    const links = left.map((opening) => {
      const [from = '', to = ''] = opening.split(' ');
      return { from, to };
    });
    // The rules are gone already; a proxy that does not answer carries nothing.
    await this.#parts.proxy?.end(links).catch(() => {});
  }

  #checkAvailable(type: LinkMode['type']): void {
    const capability = this.#parts.capability(type);
    if (capability.available) return;
    throw new DockerError('wrong-state', `no ${type} is possible: ${capability.why}`);
  }

  #addressed({ from, to, mode }: LinkRule): LinkRule {
    if (from === to) throw new RangeError(`a link goes from one end to another, not ${from} twice`);
    return { from: this.#address(from), to: this.#address(to), mode };
  }

  #address(end: string): string {
    if (end === clientsEnd) return end;
    const address = this.#parts.plan.addresses.get(end);
    if (address === undefined) throw new RangeError(`there is no node ${end}`);
    return address;
  }

  #named<On extends Link>(on: On): On {
    const name = (end: string): string => this.#names.get(end) ?? end;
    return { ...on, from: name(on.from), to: name(on.to) };
  }
}

/**
 * What the proxy has to know: the modes of each direction but loss, which packets on their way to
 * it have met already. It may carry connections of any.
 */
function linesOf(rules: readonly LinkRule[]): readonly LineModes[] {
  const lines = new Map<string, { from: string; to: string; modes: LinkMode[] }>();
  for (const { from, to, mode } of rules) {
    const name = describeOpening({ from, to });
    if (mode.type === 'loss') continue;
    const line = lines.get(name) ?? { from, to, modes: [] };
    line.modes.push(mode);
    lines.set(name, line);
  }
  return [...lines.values()];
}

/** Of the proxy's modes those that are in force: what they are about is led to it. */
function keptByProxy(tables: TablesReading, lines: readonly LineModes[]): readonly LinkRule[] {
  const led = new Set(tables.led.map(describeOpening));
  return lines.flatMap(({ from, to, modes }) => {
    const needed = proxiedOpenings([{ from, to, mode: { type: 'hold' } }]);
    if (!needed.every((opening) => led.has(describeOpening(opening)))) return [];
    return modes.filter(isProxied).map((mode) => ({ from, to, mode }));
  });
}
