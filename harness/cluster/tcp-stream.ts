/** A byte stream over TCP, for the clusters whose nodes listen on real ports. */
import { connect as connectTcp } from 'node:net';
import type { ByteStream } from '../cluster.ts';

/** Rejects when nobody listens there. */
export function connectTcpStream(host: string, port: number): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true });
    let lastError = 'closed by the node';
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', (error) => {
        lastError = error.message;
      });
      resolve({
        write: (bytes) => {
          socket.write(bytes);
        },
        onData: (handler) => {
          socket.on('data', handler);
        },
        onClose: (handler) => {
          socket.once('close', () => handler(lastError));
        },
        close: () => socket.destroy(),
      });
    });
  });
}

/** Whether somebody listens there and answers within the limit. */
export function canConnect(host: string, port: number, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp({ host, port });
    const end = (can: boolean) => (): void => {
      socket.destroy();
      resolve(can);
    };
    socket.setTimeout(limitMs, end(false));
    socket.once('connect', end(true));
    socket.once('error', end(false));
  });
}
