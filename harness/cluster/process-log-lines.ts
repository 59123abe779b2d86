/**
 * Tells the lines of nodes as they write them: each node's output is a file, which is watched.
 *
 * A node never waits for its harness to read, and the file is whole whatever becomes of either.
 * Files are watched and read only while somebody listens.
 */
import { closeSync, type FSWatcher, openSync, readSync, watch } from 'node:fs';

export type LineHandler = (node: string, line: string) => void;

interface Tail {
  readonly node: string;
  readonly file: number;
  readonly watcher: FSWatcher;
  offset: number;
  /** The line that has no end yet. */
  rest: Buffer;
}

export class ProcessLogLines {
  readonly #paths: ReadonlyMap<string, string>;
  readonly #handlers = new Set<LineHandler>();
  #tails: Tail[] = [];

  /** The log of each node. */
  constructor(paths: ReadonlyMap<string, string>) {
    this.#paths = paths;
  }

  /** Told of each line whose end is written from now on; returns how to stop. */
  add(handler: LineHandler): () => void {
    if (this.#tails.length === 0) this.#tails = [...this.#paths].map((log) => this.#open(log));
    // Whoever came before is told what came before.
    this.drain();
    // The same function may listen twice.
    const own: LineHandler = (node, line) => handler(node, line);
    this.#handlers.add(own);
    return () => {
      this.#handlers.delete(own);
      if (this.#handlers.size === 0) this.close();
    };
  }

  /** Tells what is written by now. */
  drain(): void {
    for (const tail of this.#tails) this.#read(tail);
  }

  close(): void {
    for (const { watcher, file } of this.#tails.splice(0)) {
      watcher.close();
      closeSync(file);
    }
  }

  #open([node, path]: readonly [string, string]): Tail {
    const file = openSync(path, 'r');
    const watcher = watch(path, { persistent: false }, () => this.#read(tail));
    // What it has written is read and told to nobody, so that its next line is a whole one.
    const tail: Tail = { node, file, watcher, offset: 0, rest: Buffer.alloc(0) };
    return tail;
  }

  #read(tail: Tail): void {
    if (!this.#tails.includes(tail)) return;
    const chunk = Buffer.alloc(1 << 16);
    const parts = [tail.rest];
    for (;;) {
      const count = readSync(tail.file, chunk, 0, chunk.length, tail.offset);
      if (count === 0) break;
      tail.offset += count;
      parts.push(Buffer.from(chunk.subarray(0, count)));
    }
    const bytes = Buffer.concat(parts);
    const end = bytes.lastIndexOf('\n') + 1;
    tail.rest = bytes.subarray(end);
    if (end === 0) return;
    const lines = bytes.toString('utf8', 0, end - 1).split('\n');
    for (const line of lines) {
      for (const handler of [...this.#handlers]) handler(tail.node, line);
    }
  }
}
