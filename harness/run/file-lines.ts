/** The lines of a text file, read in pieces: for files that are too large for the memory. */
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** Larger ones are no quicker, and their lines live long enough to fill the memory. */
const pieceBytes = 1 << 16;

/**
 * Each iteration reads from the start; nothing when there is no such file. A last line without its
 * line break is a line too.
 */
export function fileLines(path: string): Iterable<string> {
  return { [Symbol.iterator]: () => readLines(path) };
}

function* readLines(path: string): Generator<string> {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return;
  }
  try {
    const piece = Buffer.alloc(pieceBytes);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    for (;;) {
      const count = readSync(fd, piece);
      const text = rest + (count === 0 ? decoder.end() : decoder.write(piece.subarray(0, count)));
      const lines = text.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (count > 0) continue;
      if (rest !== '') yield rest;
      return;
    }
  } finally {
    closeSync(fd);
  }
}
