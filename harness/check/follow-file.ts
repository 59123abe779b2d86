/**
 * A file that somebody else is writing, read as it grows.
 *
 * Waits for a file that is not there yet. It has ended when `isComplete` says so and everything
 * was read, when nothing came for the idle limit, or when it is told to stop.
 */
import { type FSWatcher, watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { GrowingSource } from './follow-growth.ts';
import { HistoryFileError } from './history-file.ts';

export interface FollowedFile {
  readonly path: string;
  /** True once the writer is known to be done. */
  isComplete(): boolean;
  /** Ends when nothing was written for so long; null: never for that reason. */
  readonly idleLimitMs: number | null;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Takes a piece of the file. */
  onBytes(bytes: Buffer): void;
  /** The file is not there yet; told once. */
  onMissing(): void;
}

/** Some file systems tell of no change: then this is how often it is looked at. */
const pollMs = 250;
const chunkBytes = 1 << 20;

export class FileSource implements GrowingSource {
  readonly #options: FollowedFile;
  readonly #alarm: Alarm;
  readonly #buffer = Buffer.alloc(chunkBytes);
  #file: FileHandle | null = null;
  #watcher: FSWatcher | null = null;
  #offset = 0;
  #lastNewsMs = performance.now();
  #isComplete = false;
  #saidMissing = false;

  constructor(options: FollowedFile) {
    this.#options = options;
    this.#alarm = new Alarm(options.signal);
  }

  async take(): Promise<boolean> {
    const file = this.#file ?? (await this.#open());
    if (file === null) return false;
    const { path } = this.#options;
    const { bytesRead } = await file
      .read(this.#buffer, 0, chunkBytes, this.#offset)
      .catch((error: unknown) => {
        throw unreadable(path, error);
      });
    if (bytesRead === 0) {
      const { size } = await file.stat();
      if (size >= this.#offset) return false;
      throw new HistoryFileError(
        'malformed',
        `${path} became shorter while it was followed: a history is only ever added to`,
      );
    }
    this.#offset += bytesRead;
    this.#lastNewsMs = performance.now();
    // A copy: who takes it may keep the end of it.
    this.#options.onBytes(Buffer.from(this.#buffer.subarray(0, bytesRead)));
    return true;
  }

  async wait(): Promise<boolean> {
    const { signal, idleLimitMs, isComplete } = this.#options;
    if (signal.aborted || this.#isComplete) return false;
    // What was written before the end of the run is read once more.
    this.#isComplete = this.#file !== null && isComplete();
    if (this.#isComplete) return true;
    if (idleLimitMs !== null && performance.now() - this.#lastNewsMs >= idleLimitMs) return false;
    await this.#alarm.wait(pollMs);
    return true;
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    await this.#file?.close();
  }

  async #open(): Promise<FileHandle | null> {
    const { path, onMissing } = this.#options;
    try {
      this.#file = await open(path, 'r');
    } catch (error) {
      if (!isMissing(error)) throw unreadable(path, error);
      if (!this.#saidMissing) onMissing();
      this.#saidMissing = true;
      return null;
    }
    this.#watch();
    return this.#file;
  }

  /** Only to hear of news earlier than by looking. */
  #watch(): void {
    try {
      this.#watcher = watch(this.#options.path, () => this.#alarm.ring());
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = null;
    }
  }
}

/** The same for a stream, such as stdin: it ends when the stream does. */
export class StreamSource implements GrowingSource {
  readonly #stream: Readable;
  readonly #signal: AbortSignal;
  readonly #alarm: Alarm;
  readonly #onBytes: (bytes: Buffer) => void;
  #failure: unknown = null;

  constructor(stream: Readable, signal: AbortSignal, onBytes: (bytes: Buffer) => void) {
    this.#stream = stream;
    this.#signal = signal;
    this.#alarm = new Alarm(signal);
    this.#onBytes = onBytes;
    for (const event of ['readable', 'end', 'close']) stream.on(event, () => this.#alarm.ring());
    stream.on('error', (error) => {
      this.#failure = error;
      this.#alarm.ring();
    });
  }

  take(): Promise<boolean> {
    if (this.#failure !== null) throw unreadable('the input', this.#failure);
    const bytes: unknown = this.#stream.read();
    if (!Buffer.isBuffer(bytes)) return Promise.resolve(false);
    this.#onBytes(bytes);
    return Promise.resolve(true);
  }

  async wait(): Promise<boolean> {
    const { readableEnded, destroyed } = this.#stream;
    if (this.#signal.aborted || (this.#failure === null && (readableEnded || destroyed)))
      return false;
    await this.#alarm.wait(pollMs);
    return true;
  }

  /** Lets the process end although the stream has not. */
  close(): void {
    this.#stream.destroy();
  }
}

/** Wakes one who waits; a ring while nobody does is kept. */
class Alarm {
  #rang = false;
  #wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring());
  }

  ring(): void {
    this.#rang = true;
    this.#wake?.();
  }

  /** Until it rings, or so many milliseconds have passed. */
  async wait(limitMs: number): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limitMs);
        this.#wake = (): void => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = null;
    this.#rang = false;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unreadable(path: string, error: unknown): HistoryFileError {
  const words = error instanceof Error ? error.message : String(error);
  return new HistoryFileError('unreadable', `cannot read ${path}: ${words}`);
}
