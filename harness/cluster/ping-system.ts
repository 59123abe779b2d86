/**
 * The server of the tests of clusters (testdata/ping) as a system under test.
 *
 * It stores without agreement and tells what it hears, so that a cluster is tested apart from Raft.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.ts';
import { RespConnection } from '../clients/resp-connection.ts';
import type { System } from '../systems/system.ts';

/** Holds server/. */
export const pingSourceRoot: string = join(
  dirname(fileURLToPath(import.meta.url)),
  'testdata/ping',
);

export const pingSystem: System = {
  name: 'ping',
  objects: {},
  crashPatterns: [],
  traces: true,
  introspects: false,
  operator: {},
  hasFaultDisk: true,
  command: (place, sourceRoot) => [
    `${sourceRoot}/server/main.ts`,
    place.node,
    `${place.listenHost}:${place.clientPort}`,
    `${place.listenHost}:${place.peerPort}`,
    place.dataDirectory,
    place.traceFile ?? '-',
    place.faultDiskFolder ?? '-',
    ...place.peers.map((peer) => `${peer.node}=${peer.address}`),
  ],
  isReady: (stream, timers) =>
    new Promise((resolve) => {
      const connection = new RespConnection(stream);
      const cancel = timers.after(1000, () => connection.close());
      connection.call(['PING'], (reply) => {
        cancel();
        connection.close();
        resolve(reply.type === 'simple');
      });
    }),
  createClient: (): Client => {
    throw new Error('the ping server has no workload');
  },
  introspect: () => Promise.resolve(null),
};
