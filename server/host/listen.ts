/**
 * Makes a server of Node's listen, for itself alone.
 */
import type { Server } from 'node:net';
import { type Address, describeAddress } from './address.ts';

/**
 * Rejects with the system's error when the address can not be had; `failed` hears of trouble
 * after that, which does not end the server.
 */
export function listenOn(
  server: Server,
  { host, port }: Address,
  failed: (error: Error) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true, backlog: 1024 }, () => {
      server.off('error', reject);
      server.on('error', failed);
      resolve();
    });
  });
}

/** Where the other end is, as `host:port`. */
export function describeRemote(socket: {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}): string {
  const { remoteAddress: host, remotePort: port } = socket;
  return host === undefined || port === undefined ? '' : describeAddress({ host, port });
}
