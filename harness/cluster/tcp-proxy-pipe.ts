/**
 * One direction of a proxied connection: bytes come in, wait as their line says, and go out.
 *
 * It stops reading when it holds much, as TCP's own buffers would fill. What its sender has not
 * got through a `drop` when it closes is lost, as what it would send again would be; what is on
 * hold, late or slow still arrives.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { ProxyLine } from './tcp-proxy-line.ts';

export interface PipeLines {
  /** The direction that the bytes take. */
  readonly own: ProxyLine;
  readonly opposite: ProxyLine;
}

/** More than this held, and no more is read until half of it has gone. */
const heldBytesMax = 1 << 20;

interface Chunk {
  readonly bytes: Buffer;
  passesAtMs: number;
}

/** The type of the mode that lets no data pass; null when none does. */
export function blockingMode({ own, opposite }: PipeLines): 'drop' | 'oneway' | 'hold' | null {
  if (own.has('drop')) return 'drop';
  if (own.has('oneway')) return 'oneway';
  // Without acknowledgements, which take the other direction, TCP sends nothing new.
  if (opposite.has('drop')) return 'drop';
  return own.has('hold') ? 'hold' : null;
}

/** Takes note, on the line that the mode is on, that something ran into it. */
export function noteBlocked(lines: PipeLines, mode: 'drop' | 'oneway' | 'hold'): void {
  (lines.own.has(mode) ? lines.own : lines.opposite).note(mode);
}

export class ProxyPipe {
  readonly #lines: PipeLines;
  readonly #source: Socket;
  readonly #onDone: () => void;
  readonly #stopWatching: () => void;
  #sink: Socket | null = null;
  #sinkIsFull = false;
  #chunks: Chunk[] = [];
  #heldBytes = 0;
  #sourceEnded = false;
  #isDone = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onDone` is told once: the source's end was passed on, or nobody is there to take more. */
  constructor(source: Socket, lines: PipeLines, onDone: () => void) {
    this.#source = source;
    this.#lines = lines;
    this.#onDone = onDone;
    const stops = [
      lines.own.watch(() => this.#startAnew()),
      lines.opposite.watch(() => this.#pump()),
    ];
    this.#stopWatching = () => {
      for (const stop of stops) stop();
    };
    const onEnd = (): void => {
      this.#sourceEnded = true;
      this.#pump();
    };
    source.on('data', (bytes: Buffer) => this.#take(bytes));
    source.on('end', onEnd);
    source.on('close', onEnd);
  }

  /** Nothing waits, and nothing more will come. */
  get isDrained(): boolean {
    return this.#sourceEnded && this.#chunks.length === 0;
  }

  /** As if the source had ended: what has come so far still passes, and then its end. */
  finish(): void {
    this.#sourceEnded = true;
    this.#pump();
  }

  into(sink: Socket): void {
    this.#sink = sink;
    sink.on('drain', () => {
      this.#sinkIsFull = false;
      this.#pump();
    });
    sink.on('close', () => this.#done());
    if (sink.destroyed) this.#done();
    this.#pump();
  }

  #take(bytes: Buffer): void {
    if (this.#isDone) return;
    const blocked = blockingMode(this.#lines);
    if (blocked !== null) noteBlocked(this.#lines, blocked);
    const passesAtMs = this.#passesAtMs(bytes);
    this.#chunks.push({ bytes, passesAtMs });
    this.#heldBytes += bytes.length;
    this.#pump();
    if (this.#heldBytes > heldBytesMax) this.#source.pause();
  }

  #passesAtMs(bytes: Buffer): number {
    return this.#lines.own.passesAtMs(bytes.length, performance.now());
  }

  /** What waits is sent again under the new modes. */
  #startAnew(): void {
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const { bytes } of chunks) {
      this.#chunks.push({ bytes, passesAtMs: this.#passesAtMs(bytes) });
    }
    this.#pump();
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#isDone) return;
    const blocked = blockingMode(this.#lines);
    if (blocked !== null) {
      if (this.#sourceEnded && blocked !== 'hold') this.#forget();
      return;
    }
    while (this.#sink !== null && !this.#sinkIsFull) {
      const first = this.#chunks[0];
      if (first === undefined) break;
      const waitMs = first.passesAtMs - performance.now();
      if (waitMs > 0) {
        // A timer of Node's cannot be set further than 24 days ahead.
        if (waitMs < 1e9) this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
        break;
      }
      this.#chunks.shift();
      this.#heldBytes -= first.bytes.length;
      this.#sinkIsFull = !this.#sink.write(first.bytes);
    }
    if (this.#heldBytes < heldBytesMax / 2 && this.#source.isPaused()) this.#source.resume();
    if (this.#sink === null || !this.isDrained) return;
    this.#sink.end();
    this.#done();
  }

  #forget(): void {
    this.#chunks = [];
    this.#heldBytes = 0;
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    clearTimeout(this.#timer);
    this.#forget();
    this.#stopWatching();
    // Whatever still comes is read and thrown away, so that the end of it is seen.
    this.#source.resume();
    this.#onDone();
  }
}
