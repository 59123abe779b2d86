/**
 * The network of child processes that needs nothing: TCP proxies on loopback.
 *
 * What a node opens to another passes through their proxy, and what clients open to a node passes
 * through the node's, where faults at clients were prepared. All proxies are in this process: a
 * change of the rules is one turn of its loop.
 */
import {
  type Ability,
  type Capability,
  clientsEnd,
  type LinkRule,
  networkReading,
} from '../cluster.ts';
import { createRandomStream } from '../run/random.ts';
import { allotPorts } from './free-ports.ts';
import {
  connectLimitMs,
  type NetworkPlace,
  type ProcessNetwork,
  type ProcessNetworkRequest,
} from './process-network.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { changeLines, ProxyLine } from './tcp-proxy-line.ts';
import { connectTcpSocket, connectTcpStream, streamOf } from './tcp-stream.ts';

const host = '127.0.0.1';

const hows: Readonly<Record<'drop' | 'oneway' | 'loss' | 'delay' | 'rate' | 'hold', string>> = {
  drop: 'TCP proxies keep bytes back, both ways, as TCP without acknowledgements would',
  oneway: 'TCP proxies keep the bytes of one direction back',
  loss: 'in TCP proxies a lost packet waits 200 ms, then 400 and so on, as to be sent again',
  delay: 'TCP proxies deliver later; what jitter moves stays in order on a connection',
  rate: 'TCP proxies deliver so many bits in a second, each direction of a pair by itself',
  hold: 'TCP proxies keep bytes, and deliver them although the sender has gone',
};

const whyNoClients = 'the proxies for clients were not prepared';

interface Road {
  readonly from: string;
  readonly to: string;
  readonly proxy: TcpProxy;
  readonly port: number;
}

/** Rejects when there are not enough ports; nothing is left then. */
export async function createProxies(request: ProcessNetworkRequest): Promise<ProcessNetwork> {
  const proxies = new Proxies(request);
  try {
    await proxies.open();
    return proxies;
  } catch (error) {
    await proxies.close();
    throw error;
  }
}

class Proxies implements ProcessNetwork {
  readonly kind = 'proxies';
  readonly description = 'on loopback, a TCP proxy for each directed pair';
  readonly abilities: Readonly<Partial<Record<Ability, Capability>>>;
  readonly entrance = (): readonly string[] => [];
  readonly #request: ProcessNetworkRequest;
  readonly #ports = new Map<string, { readonly client: number; readonly peer: number }>();
  readonly #lines = new Map<string, ProxyLine>();
  readonly #cutsClients: boolean;
  #roads: Road[] = [];

  constructor(request: ProcessNetworkRequest) {
    this.#request = request;
    this.#cutsClients = request.prepare.has('client-cut');
    const how = (text: string): Capability => ({ available: true, how: text });
    this.abilities = {
      ...Object.fromEntries(Object.entries(hows).map(([mode, text]) => [mode, how(text)])),
      reset: how('TCP proxies reset connections, and each new one as soon as it is accepted'),
      'client-cut': this.#cutsClients
        ? how('clients reach each node through a TCP proxy')
        : {
            available: false,
            why: whyNoClients,
            remedy: 'name the fault with --nemesis',
          },
    };
  }

  async open(): Promise<void> {
    const { nodes } = this.#request;
    const ports = await allotPorts(nodes.length * 2);
    for (const [at, node] of nodes.entries()) {
      this.#ports.set(node, { client: ports[2 * at] ?? 0, peer: ports[2 * at + 1] ?? 0 });
    }
    for (const from of nodes) {
      for (const to of nodes) if (from !== to) await this.#openRoad(from, to);
    }
    if (!this.#cutsClients) return;
    for (const node of nodes) await this.#openRoad(clientsEnd, node);
  }

  async #openRoad(from: string, to: string): Promise<void> {
    const { client, peer } = this.#portsOf(to);
    const proxy = new TcpProxy({
      target: { host, port: from === clientsEnd ? client : peer },
      forward: this.#line(from, to),
      backward: this.#line(to, from),
    });
    this.#roads.push({ from, to, proxy, port: await proxy.listen() });
  }

  #line(from: string, to: string): ProxyLine {
    const name = `${from}>${to}`;
    const line =
      this.#lines.get(name) ?? new ProxyLine(createRandomStream(this.#request.seed, name));
    this.#lines.set(name, line);
    return line;
  }

  place(node: string): NetworkPlace {
    const { client, peer } = this.#portsOf(node);
    return {
      listenHost: host,
      clientPort: client,
      peerPort: peer,
      peers: this.#roads
        .filter((road) => road.from === node)
        .map((road) => ({ node: road.to, address: `${host}:${road.port}` })),
    };
  }

  clientAddress(node: string): string {
    return `${host}:${this.#clientRoad(node)?.port ?? this.#portsOf(node).client}`;
  }

  async connect(node: string) {
    const road = this.#clientRoad(node);
    if (road === undefined) return this.connectUncut(node);
    const socket = await connectTcpSocket(host, road.port);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const why = `${node} does not answer a new connection within ${connectLimitMs / 1000} s`;
      timer = setTimeout(() => reject(new Error(why)), connectLimitMs);
    });
    try {
      // Accepted by the proxy is not accepted by the node.
      await Promise.race([road.proxy.reached(socket.localPort ?? 0), late]);
      return streamOf(socket);
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  connectUncut(node: string) {
    return connectTcpStream(host, this.#portsOf(node).client);
  }

  set(rules: readonly LinkRule[]): Promise<void> {
    const stranger = rules.find(({ from, to }) => !this.#lines.has(`${from}>${to}`));
    if (stranger !== undefined) {
      const words = `${stranger.from}>${stranger.to}`;
      const why = words.includes(clientsEnd) ? whyNoClients : `there is no link ${words}`;
      return Promise.reject(new Error(why));
    }
    const modesOf = (name: string) =>
      rules.filter(({ from, to }) => `${from}>${to}` === name).map(({ mode }) => mode);
    changeLines(new Map([...this.#lines].map(([name, line]) => [line, modesOf(name)])));
    return Promise.resolve();
  }

  read() {
    const lines = [...this.#lines].map(([name, line]) => {
      const [from = '', to = ''] = name.split('>');
      return { link: { from, to }, line };
    });
    const rules = lines.flatMap(({ link, line }) => line.modes.map((mode) => ({ ...link, mode })));
    const met = lines.flatMap(({ link, line }) => line.metOn(link));
    return Promise.resolve(networkReading(rules, met));
  }

  async close(): Promise<void> {
    const roads = this.#roads;
    this.#roads = [];
    await Promise.all(roads.map(({ proxy }) => proxy.close()));
  }

  #portsOf(node: string): { readonly client: number; readonly peer: number } {
    const ports = this.#ports.get(node);
    if (ports === undefined) throw new RangeError(`there is no node ${node}`);
    return ports;
  }

  #clientRoad(node: string): Road | undefined {
    return this.#roads.find(({ from, to }) => from === clientsEnd && to === node);
  }
}
