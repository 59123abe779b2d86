/**
 * Free TCP ports on loopback, for programs that must be told their port.
 *
 * They stay a node's over its restarts, so they must not be such that a passing outgoing connection
 * takes one while the node is down.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the range that systems draw the ports of outgoing connections from. */
const range = { first: 20_000, last: 29_999 };
const attemptsMax = 1000;

/** All different. Rejects when there are not enough free ones. */
export async function allotPorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; attempt < attemptsMax && ports.size < count; attempt++) {
    const port = randomInt(range.first, range.last + 1);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  if (ports.size === count) return [...ports];
  throw new Error(`no free ports between ${range.first} and ${range.last} on 127.0.0.1`);
}

/** Whether nobody listens on it. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)));
  });
}
