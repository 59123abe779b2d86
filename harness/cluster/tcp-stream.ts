/** A byte stream over TCP, for the clusters whose nodes listen on real ports. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { ByteStream } from '../cluster.ts';

/** Whoever is there answers in a millisecond; from behind a cut nobody does. */
const connectLimitMs = 2000;

/** Rejects when nobody listens there, or nobody answers. */
export async function connectTcpStream(host: string, port: number): Promise<ByteStream> {
  return streamOf(await connectTcpSocket(host, port));
}

/** Rejects when nobody listens there, or nobody answers. `isPaused`: nothing is read here. */
export function connectTcpSocket(host: string, port: number, isPaused = false): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true });
    if (isPaused) socket.pause();
    const timer = setTimeout(() => {
      socket.destroy(new Error(`${host}:${port} does not answer within ${connectLimitMs} ms`));
    }, connectLimitMs);
    socket.once('error', reject);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      // A reset may come before anybody looks: it is heard here, too.
      resolve(socket);
    });
  });
}

/** Of a socket that is connected. */
export function streamOf(socket: Socket): ByteStream {
  let lastError = 'closed by the node';
  socket.on('error', (error) => {
    lastError = error.message;
  });
  return {
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
  };
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
