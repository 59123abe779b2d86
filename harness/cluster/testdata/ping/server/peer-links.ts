/**
 * The links to the peers: a message to each a hundred times a second, on one connection, for ever;
 * and round trips, on a second one, when somebody asks.
 *
 * A message is `<id> <life> <number>`. Data goes from the dialler to the dialled only, so that what
 * is heard tells of one direction.
 */
import { connect, type Socket } from 'node:net';
import { onLines, splitAddress } from './lines.ts';

/** What was heard from a peer since this process began. */
export interface PeerRecord {
  readonly count: number;
  /** Of the last message: the peer's process, and its number there. */
  readonly life: number;
  readonly number: number;
  /** Messages of one process that came with a lower number than the one before. */
  readonly disordered: number;
  /** Messages of one process that never came, or not yet. */
  readonly missing: number;
}

interface Dialled {
  readonly address: string;
  sent: number;
  closed: number;
  trips: TripConnection | null;
}

const everyMs = 10;
const redialMs = 50;
const tripLimitMs = 20_000;
const nothing: PeerRecord = { count: 0, life: 0, number: 0, disordered: 0, missing: 0 };

export class PeerLinks {
  readonly #id: string;
  readonly #life = process.pid * 1000 + (Date.now() % 1000);
  readonly #heard = new Map<string, PeerRecord>();
  readonly #dialled = new Map<string, Dialled>();

  constructor(id: string) {
    this.#id = id;
  }

  from(peer: string): PeerRecord {
    return this.#heard.get(peer) ?? nothing;
  }

  /** The number of the last message that was handed to the connection. */
  sent(peer: string): number {
    return this.#peer(peer).sent;
  }

  closed(peer: string): number {
    return this.#peer(peer).closed;
  }

  accept(socket: Socket): void {
    onLines(socket, (line) => {
      if (line.startsWith('?')) socket.write(`!${line.slice(1, line.indexOf(' '))}\n`);
      else this.#hear(line);
    });
  }

  dial(peer: string, address: string): void {
    this.#dialled.set(peer, { address, sent: 0, closed: 0, trips: null });
    this.#connect(this.#peer(peer));
  }

  /** In microseconds. Rejects when the connection ends, or nothing comes back in time. */
  trip(peer: string, bytes: number): Promise<number> {
    const dialled = this.#peer(peer);
    dialled.trips ??= new TripConnection(dialled.address, () => {
      dialled.trips = null;
    });
    return dialled.trips.trip(bytes);
  }

  #connect(dialled: Dialled): void {
    const socket = connect({ ...splitAddress(dialled.address), noDelay: true });
    const talk = setInterval(() => {
      // A connection that is not there yet keeps what is written; one message is enough.
      if (socket.writableLength > 0) return;
      dialled.sent++;
      socket.write(`${this.#id} ${this.#life} ${dialled.sent}\n`);
    }, everyMs);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(talk);
      dialled.closed++;
      setTimeout(() => this.#connect(dialled), redialMs);
    });
  }

  #hear(line: string): void {
    const [peer = '', lifeText, numberText] = line.split(' ');
    const [life, number] = [Number(lifeText), Number(numberText)];
    const was = this.from(peer);
    const gap = was.life === life ? number - was.number - 1 : 0;
    this.#heard.set(peer, {
      count: was.count + 1,
      life,
      number,
      disordered: was.disordered + (gap < 0 ? 1 : 0),
      missing: was.missing + Math.max(0, gap),
    });
  }

  #peer(name: string): Dialled {
    const dialled = this.#dialled.get(name);
    if (dialled === undefined) throw new Error(`there is no peer ${name}`);
    return dialled;
  }
}

interface Waiting {
  readonly startNs: bigint;
  resolve(us: number): void;
  reject(error: Error): void;
}

/** `?<number> <padding>` goes there, `!<number>` comes back. */
class TripConnection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  constructor(address: string, onLost: () => void) {
    this.#socket = connect({ ...splitAddress(address), noDelay: true });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => {
      onLost();
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended'));
    });
    onLines(this.#socket, (line) => {
      const number = Number(line.slice(1));
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (waiting === undefined) return;
      waiting.resolve(Number(process.hrtime.bigint() - waiting.startNs) / 1000);
    });
  }

  trip(bytes: number): Promise<number> {
    const number = this.#count++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(), tripLimitMs);
      const settled = (): void => clearTimeout(timer);
      this.#waiting.set(number, {
        startNs: process.hrtime.bigint(),
        resolve: (us) => {
          settled();
          resolve(Math.round(us));
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.#socket.write(`?${number} ${'.'.repeat(bytes)}\n`);
    });
  }
}
