/** Free TCP ports on loopback, for programs that must be told their port. */
import { createServer } from 'node:net';

/**
 * All are held open until the last is found, so that they differ. Between the return and the use
 * another program may take one; the node then says that its port is busy.
 */
export async function allotPorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map(({ port }) => port);
  await Promise.all(servers.map(({ close }) => close()));
  return ports;
}

function listenAnywhere(): Promise<{ readonly port: number; close(): Promise<void> }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      const close = (): Promise<void> => new Promise((closed) => server.close(() => closed()));
      resolve({ port, close });
    });
  });
}
