/**
 * A helper in a network namespace: it opens connections there and hands their sockets to the
 * harness, and has the proxies of those who open connections from there.
 *
 * The first one makes the namespaces and holds them. It ends when the harness has gone.
 */
import type { Socket } from 'node:net';
import { clientsEnd, type Link } from '../cluster.ts';
import { createRandomStream } from '../run/random.ts';
import { buildNetwork } from './netns-build.ts';
import type { HelperAnswer, HelperRequest, NetnsRoad } from './netns-protocol.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { changeLines, ProxyLine } from './tcp-proxy-line.ts';
import { connectTcpSocket } from './tcp-stream.ts';

const loopback = '127.0.0.1';

const lines = new Map<string, ProxyLine>();
/** By node: the proxy that its clients pass through, and its port. */
const clientRoads = new Map<string, { readonly proxy: TcpProxy; readonly port: number }>();

interface Outcome {
  readonly ports?: readonly number[];
  readonly socket?: Socket;
}

async function obey(request: HelperRequest): Promise<Outcome> {
  switch (request.type) {
    case 'build':
      await buildNetwork(request.nodes);
      return {};
    case 'connect':
      return { socket: await connect(request) };
    case 'open':
      return { ports: await Promise.all(request.roads.map((road) => open(road, request.seed))) };
    case 'modes': {
      const modesOf = ({ from, to }: Link) =>
        request.lines.find((line) => line.from === from && line.to === to)?.modes ?? [];
      changeLines(new Map([...lines].map(([name, line]) => [line, modesOf(linkOf(name))])));
      return {};
    }
    case 'read':
      return {};
  }
}

async function connect(
  request: Extract<HelperRequest, { readonly type: 'connect' }>,
): Promise<Socket> {
  const { host, port, node } = request;
  const road = node === null ? undefined : clientRoads.get(node);
  // What is read of it, the harness is to read.
  if (road === undefined) return connectTcpSocket(host, port, true);
  const socket = await connectTcpSocket(loopback, road.port, true);
  try {
    // Accepted by the proxy is not accepted by the node.
    await road.proxy.reached(socket.localPort ?? 0);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function open(road: NetnsRoad, seed: number): Promise<number> {
  const { from, to, host, port } = road;
  const proxy = new TcpProxy({
    target: { host, port },
    forward: lineOf(`${from}>${to}`, seed),
    backward: lineOf(`${to}>${from}`, seed),
  });
  const own = await proxy.listen();
  if (from === clientsEnd) clientRoads.set(to, { proxy, port: own });
  return own;
}

function lineOf(name: string, seed: number): ProxyLine {
  const line = lines.get(name) ?? new ProxyLine(createRandomStream(seed, name));
  lines.set(name, line);
  return line;
}

function linkOf(name: string): Link {
  const [from = '', to = ''] = name.split('>');
  return { from, to };
}

function answer(id: number, error: string | null, ports: readonly number[] = []): HelperAnswer {
  return {
    ...{ id, error, ports },
    lines: [...lines].map(([name, { modes }]) => ({ ...linkOf(name), modes })),
    met: [...lines].flatMap(([name, line]) => line.metOn(linkOf(name))),
  };
}

async function serve({ id, ...request }: HelperRequest & { readonly id: number }): Promise<void> {
  try {
    const { ports = [], socket } = await obey(request);
    process.send?.(answer(id, null, ports), socket);
  } catch (error) {
    process.send?.(answer(id, error instanceof Error ? error.message : String(error)));
  }
}

process.on('message', (message: HelperRequest & { readonly id: number }) => void serve(message));
// The harness has gone: so does everything here.
process.on('disconnect', () => process.exit(0));
