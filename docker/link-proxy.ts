/**
 * The link proxy: it runs in a container on the engine's network, and what is opened from one end
 * to another passes through it while a rule of that link cannot be kept by dropping packets.
 *
 * The harness holds its standard input and asks by it (docker-link-protocol.ts). When that ends,
 * the proxy ends, and every connection with it: the nodes connect anew, past it.
 */
import { createInterface } from 'node:readline';
import {
  isProxied,
  type LineModes,
  type ProxyAnswer,
  type ProxyRequest,
} from '../harness/cluster/docker-link-protocol.ts';
import { TcpProxy } from '../harness/cluster/tcp-proxy.ts';
import { changeLines, ProxyLine } from '../harness/cluster/tcp-proxy-line.ts';
import type { Link } from '../harness/cluster.ts';

/** What was held has come, and so have the answers to it, before its connection ends. */
const lingerMs = 500;

const lines = new Map<string, ProxyLine>();
const proxies = new Map<string, TcpProxy>();

/** A direction's; made when it is first asked for. */
function lineOf({ from, to }: Link): ProxyLine {
  const name = `${from} ${to}`;
  // When the packets of a real network come is nobody's to repeat: no seed.
  const line = lines.get(name) ?? new ProxyLine(Math.random);
  lines.set(name, line);
  return line;
}

async function obey(request: ProxyRequest): Promise<readonly number[]> {
  switch (request.type) {
    case 'open': {
      const { host, openings } = request;
      return Promise.all(openings.map((opening) => open(host, opening)));
    }
    case 'modes': {
      const wanted = new Map([...lines.values()].map((line) => [line, [] as LineModes['modes']]));
      for (const line of request.lines) wanted.set(lineOf(line), line.modes);
      changeLines(wanted);
      return [];
    }
    case 'end':
      for (const opening of request.openings) setTimeout(() => endConnections(opening), lingerMs);
      return [];
    case 'read':
      return [];
  }
}

/** Unless there is a rule for them again. */
function endConnections({ from, to }: Link): void {
  const isNeeded = [lineOf({ from, to }), lineOf({ from: to, to: from })].some((line) =>
    line.modes.some(isProxied),
  );
  if (!isNeeded) proxies.get(`${from} ${to}`)?.endConnections();
}

/** Returns the port of the door. */
async function open(host: string, { from, to, port }: Link & { port: number }): Promise<number> {
  const proxy = new TcpProxy({
    target: { host: to, port },
    forward: lineOf({ from, to }),
    backward: lineOf({ from: to, to: from }),
  });
  proxies.set(`${from} ${to}`, proxy);
  return proxy.listen({ host, port: 0 });
}

function describeState(ports: readonly number[], error: string | null): ProxyAnswer {
  const all = [...lines].map(([name, line]) => {
    const [from = '', to = ''] = name.split(' ');
    return { link: { from, to }, line };
  });
  const met = all.flatMap(({ link, line }) => line.metOn(link));
  const inForce = all
    .map(({ link, line }): LineModes => ({ ...link, modes: line.modes }))
    .filter(({ modes }) => modes.length > 0);
  const connections = [...proxies.values()].reduce((sum, proxy) => sum + proxy.connections, 0);
  return { ports, lines: inForce, met, connections, error };
}

// A signal meant for the harness must not take the proxy along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

process.stdout.write('ready\n');
for await (const text of createInterface({ input: process.stdin })) {
  let answer: ProxyAnswer;
  try {
    answer = describeState(await obey(JSON.parse(text) as ProxyRequest), null);
  } catch (error) {
    answer = describeState([], error instanceof Error ? error.message : String(error));
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
