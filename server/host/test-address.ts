/**
 * Addresses on loopback for tests. Nothing but tests may use it.
 */
import { createServer } from 'node:net';
import type { Address } from './address.ts';

/** A port that was free a moment ago. */
export async function freeAddress(): Promise<Address> {
  const host = '127.0.0.1';
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host, port: 0 }, () => resolve()));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return { host, port: address.port };
}
