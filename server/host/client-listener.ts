/**
 * Listens for clients on TCP, with TLS or without, and gives each connection a session.
 *
 * It moves bytes; what they mean is the session's business. Replies of one turn leave together.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Log } from '../host.ts';
import { createSession, type Session } from '../resp/session.ts';
import type { ServerNode } from '../server-node.ts';
import type { Address } from './address.ts';
import { describeRemote, listenOn } from './listen.ts';
import { describeTlsFault } from './peer-tls.ts';
import type { ClientTls } from './secret-files.ts';

export interface ClientListenerOptions {
  readonly node: ServerNode;
  readonly log: Log;
  /** One more is told so and closed. */
  readonly clientsMax: number;
  readonly tls: ClientTls | null;
  /** What AUTH asks for; null: nothing. */
  readonly password: string | null;
}

/** A client that does not read its replies is cut off beyond this; its session waits before. */
const unreadBytesMax = 64 * 1024 * 1024;
/** From here on its session waits before it works on more. */
const fullBytes = 256 * 1024;
const lingerMs = 1000;

export class ClientListener {
  readonly #options: ClientListenerOptions;
  readonly #connections = new Map<Socket, Session>();
  readonly #server: Server;
  #nextClientId = 1;
  #turnedAwayCount = 0;

  constructor(options: ClientListenerOptions) {
    this.#options = options;
    this.#server = this.#createServer();
  }

  get status(): { readonly connected: number; readonly turnedAway: number } {
    return { connected: this.#connections.size, turnedAway: this.#turnedAwayCount };
  }

  /** Rejects with the system's error when the address can not be had. */
  listen(address: Address): Promise<void> {
    return listenOn(this.#server, address, (error) => {
      this.#options.log.event('error', 'client listener', { error: error.message });
    });
  }

  /** What has been answered still leaves. */
  close(): void {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.end();
  }

  /**
   * Takes no more clients, answers what those that are here have sent, and closes each connection
   * between two requests. Calls back when all answers have left, or a client took too long.
   */
  drain(done: () => void): void {
    this.#server.close();
    const isOver = () => this.#connections.size === 0;
    const finish = once(() => {
      clearTimeout(timer);
      done();
    });
    const timer = setTimeout(finish, lingerMs);
    for (const [socket, session] of this.#connections) {
      const forget = () => {
        this.#connections.delete(socket);
        if (isOver()) finish();
      };
      socket.once('close', forget);
      endWhenQuiet(socket, session, forget);
    }
    if (isOver()) finish();
  }

  #createServer(): Server {
    const { tls, log } = this.#options;
    if (tls === null) return createServer({ noDelay: true }, (socket) => this.#accept(socket));
    const { cert, key, ca } = tls;
    const authority = ca === null ? {} : { ca, requestCert: true, rejectUnauthorized: true };
    const limits = { noDelay: true, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 } as const;
    const server = createTlsServer({ cert, key, ...authority, ...limits }, (socket) => {
      this.#accept(socket);
    });
    server.on('tlsClientError', (error, socket) => {
      const reason = describeTlsFault(error);
      log.event('debug', 'client connection', { address: describeRemote(socket), error: reason });
    });
    return server;
  }

  #accept(socket: Socket): void {
    const { log, node, password, clientsMax } = this.#options;
    socket.on('error', (error) => {
      log.event('debug', 'client connection', { error: error.message });
    });
    if (this.#connections.size >= clientsMax) {
      this.#turnedAwayCount += 1;
      turnAway(socket);
      return;
    }
    const session = createSession(
      node,
      {
        write: this.#writerTo(socket),
        close: () => socket.end(),
        pause: () => socket.pause(),
        resume: () => socket.resume(),
        isFull: () => socket.writableLength > fullBytes,
      },
      { password, clientId: this.#nextClientId++, clientAddress: describeRemote(socket) },
    );
    this.#connections.set(socket, session);
    socket.on('data', (bytes: Buffer) => session.receive(bytes));
    socket.on('drain', () => session.drained());
    socket.on('close', () => {
      this.#connections.delete(socket);
      session.closed();
    });
  }

  #writerTo(socket: Socket): (bytes: Uint8Array) => void {
    let corked = false;
    return (bytes) => {
      if (!socket.writable) return;
      if (socket.writableLength > unreadBytesMax) {
        const unreadBytes = socket.writableLength;
        this.#options.log.event('warn', 'client cut off', { unreadBytes });
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
  }
}

/** Calls back when what was written has left. */
function endWhenQuiet(socket: Socket, session: Session, ended: () => void): void {
  let bytesRead = -1;
  const look = () => {
    if (socket.destroyed) return;
    if (socket.bytesRead === bytesRead && session.isIdle && !socket.isPaused()) {
      socket.end(ended);
      return;
    }
    bytesRead = socket.bytesRead;
    // Between the two the sockets are read once more.
    setTimeout(() => setImmediate(look), 1);
  };
  look();
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}

/** It has a moment to read why; bytes left unread would reset the connection before. */
function turnAway(socket: Socket): void {
  socket.end('-ERR max number of clients reached\r\n');
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}
