/**
 * Files that mostly consist of holes, as images of disks and the logs of many servers do: read and
 * copied without them.
 */
import { closeSync, lstatSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';
import type { KernelCalls } from './kernel-calls.ts';

const pieceBytesMax = 1024 * 1024;

interface Piece {
  readonly start: number;
  readonly bytes: Buffer;
}

/** What has been written, in the order of the file. */
export async function* readPieces(kernel: KernelCalls, path: string): AsyncGenerator<Piece> {
  const seeking = await kernel.openToRead(path);
  const file = openSync(path, 'r');
  try {
    let piece = await kernel.nextPiece(seeking, 0);
    for (; piece !== null; piece = await kernel.nextPiece(seeking, piece.end)) {
      for (let at = piece.start; at < piece.end; ) {
        const bytes = Buffer.alloc(Math.min(pieceBytesMax, piece.end - at));
        const count = readSync(file, bytes, 0, bytes.length, at);
        if (count === 0) break;
        yield { start: at, bytes: bytes.subarray(0, count) };
        at += count;
      }
    }
  } finally {
    closeSync(file);
    await kernel.close(seeking);
  }
}

/** The target must not be there yet. */
export async function copySparsely(kernel: KernelCalls, from: string, to: string): Promise<void> {
  const target = openSync(to, 'wx');
  try {
    for await (const { start, bytes } of readPieces(kernel, from)) {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(target, bytes, done, bytes.length - done, start + done);
      }
    }
  } finally {
    closeSync(target);
  }
  truncateSync(to, lstatSync(from).size);
}
