/**
 * Listens for clients on TCP and gives each connection a session.
 *
 * It moves bytes; what they mean is the session's business. Replies of one turn leave together.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../host.ts';
import type { ServerNode } from '../node.ts';
import { createSession } from '../resp/session.ts';
import type { Address } from './address.ts';

/** A client that does not read its replies is cut off beyond this. */
const unreadBytesMax = 64 * 1024 * 1024;

export class ClientListener {
  readonly #node: ServerNode;
  readonly #log: Log;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(node: ServerNode, log: Log) {
    this.#node = node;
    this.#log = log;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Rejects with the system's error when the address can not be had. */
  listen({ host, port }: Address): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, exclusive: true, backlog: 1024 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => {
          this.#log.event('error', 'client listener', { error: error.message });
        });
        resolve();
      });
    });
  }

  /** What has been answered still leaves. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    let corked = false;
    const write = (bytes: Uint8Array) => {
      if (socket.destroyed) return;
      if (socket.writableLength > unreadBytesMax) {
        this.#log.event('warn', 'client cut off', { unreadBytes: socket.writableLength });
        socket.destroy();
        return;
      }
      if (!corked) {
        corked = true;
        socket.cork();
        process.nextTick(() => {
          corked = false;
          socket.uncork();
        });
      }
      socket.write(bytes);
    };
    const session = createSession(this.#node, {
      write,
      close: () => socket.end(),
      pause: () => socket.pause(),
      resume: () => socket.resume(),
    });
    socket.on('data', (bytes: Buffer) => session.receive(bytes));
    socket.on('error', (error) => {
      this.#log.event('debug', 'client connection', { error: error.message });
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      session.closed();
    });
  }
}
