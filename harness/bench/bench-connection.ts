/**
 * One connection that measures: a request, its reply, the next request. It follows no redirect and
 * reads no more of a reply than it needs to see its end.
 */
import { connect, type Socket } from 'node:net';

interface Waiting {
  readonly resolve: (firstLine: string) => void;
  readonly reject: (error: Error) => void;
}

export class BenchConnection {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | null = null;

  static open(port: number): Promise<BenchConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new BenchConnection(socket));
      });
    });
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the node closed the connection')));
  }

  /** The first line of the reply. One request at a time. */
  request(parts: readonly string[]): Promise<string> {
    const head = `*${parts.length}\r\n`;
    const body = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('');
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(head + body);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes]);
    const lineEnd = this.#received.indexOf('\r\n');
    if (lineEnd < 0) return;
    const line = this.#received.toString('latin1', 0, lineEnd);
    const length = line.startsWith('$') ? Number(line.slice(1)) : -1;
    const replyBytes = lineEnd + 2 + (length < 0 ? 0 : length + 2);
    if (this.#received.length < replyBytes) return;
    this.#received = this.#received.subarray(replyBytes);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(line);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
