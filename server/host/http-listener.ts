/**
 * `/metrics` and `/health` over HTTP, for those who watch a node; nothing else.
 *
 * Whoever reaches the port may read both. Nothing that a request holds is kept or interpreted
 * beyond its method and path, and what it may cost is bounded.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../host.ts';
import type { Address } from './address.ts';
import { describeHealth } from './health.ts';
import { listenOn } from './listen.ts';
import type { Metrics, MetricsSource } from './metrics.ts';

const connectionsMax = 64;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export class HttpListener {
  readonly #metrics: Metrics;
  readonly #source: MetricsSource;
  readonly #log: Log;
  readonly #server: Server;

  constructor(metrics: Metrics, source: MetricsSource, log: Log) {
    this.#metrics = metrics;
    this.#source = source;
    this.#log = log;
    const limits = {
      maxHeaderSize: 8 * 1024,
      headersTimeout: 5000,
      requestTimeout: 5000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    };
    this.#server = createServer(limits, (request, response) => {
      void this.#respond(request, response);
    });
    this.#server.maxConnections = connectionsMax;
    this.#server.on('clientError', (_, socket: Socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      socket.destroySoon();
    });
  }

  /** Rejects with the system's error when the address can not be had. */
  listen(address: Address): Promise<void> {
    return listenOn(this.#server, address, (error) => {
      this.#log.event('error', 'http listener', { error: error.message });
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, text } = await this.#answer(request);
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
      ...(status === 405 ? { Allow: 'GET, HEAD' } : {}),
      // Its body, if it has one, is not read.
      ...(hasBody(request) ? { Connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  async #answer({ method, url = '' }: IncomingMessage): Promise<Answer> {
    const path = url.split('?')[0];
    if (path !== '/metrics' && path !== '/health') {
      return plain(404, 'only /metrics and /health are here\n');
    }
    if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD\n');
    if (path === '/metrics') return { status: 200, ...(await this.#metrics.render(this.#source)) };
    const { healthy, body } = describeHealth(this.#source.info(), this.#source.peers());
    const text = `${JSON.stringify(body)}\n`;
    return { status: healthy ? 200 : 503, type: 'application/json; charset=utf-8', text };
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
