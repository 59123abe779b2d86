/**
 * A tar stream of files, for the context of an image build, and the hash that names the image.
 *
 * Streamed straight from where the files lie: nothing is copied to a folder that a killed harness
 * would leave behind. Owners and times are left out, so that equal files give equal layers.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

export interface ContextFile {
  /** Path inside of the context, without a leading slash. */
  readonly path: string;
  readonly executable: boolean;
  /** A file of this machine, or the text itself. */
  readonly from: { readonly file: string } | { readonly text: string };
}

const blockBytes = 512;

export function createContextStream(files: readonly ContextFile[]): Readable {
  return Readable.from(contextChunks(files), { objectMode: false });
}

/** Twelve hex digits of a hash over every path, mode and byte. */
export async function hashContext(
  files: readonly ContextFile[],
  more: readonly string[],
): Promise<string> {
  const hash = createHash('sha256');
  for (const text of more) hashPart(hash, text);
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of sorted) {
    hashPart(hash, `${file.path} ${file.executable}`);
    if ('text' in file.from) {
      hashPart(hash, file.from.text);
      continue;
    }
    const fileHash = createHash('sha256');
    for await (const chunk of readChunks(file.from.file)) fileHash.update(chunk);
    hashPart(hash, fileHash.digest('hex'));
  }
  return hash.digest('hex').slice(0, 12);
}

/** The length goes first: otherwise two lists of parts could run together to the same bytes. */
function hashPart(hash: Hash, text: string): void {
  hash.update(`${Buffer.byteLength(text)}:`).update(text);
}

async function* contextChunks(files: readonly ContextFile[]): AsyncGenerator<Uint8Array> {
  for (const file of files) {
    if ('text' in file.from) {
      const bytes = Buffer.from(file.from.text);
      yield encodeHeader(file, bytes.length);
      yield bytes;
      yield padding(bytes.length);
      continue;
    }
    const { size } = await stat(file.from.file);
    yield encodeHeader(file, size);
    let sent = 0;
    for await (const chunk of readChunks(file.from.file)) {
      sent += chunk.length;
      yield chunk;
    }
    if (sent !== size) throw new Error(`${file.from.file} changed while it was read`);
    yield padding(size);
  }
  yield new Uint8Array(2 * blockBytes);
}

async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`${path} was not read as bytes`);
    yield chunk;
  }
}

function padding(size: number): Uint8Array {
  return new Uint8Array((blockBytes - (size % blockBytes)) % blockBytes);
}

/** A ustar header: name, mode, owner 0, size, time 0, checksum, kind, magic, prefix. */
function encodeHeader(file: ContextFile, size: number): Uint8Array {
  const header = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(file.path);
  header.write(name, 0, 100);
  header.write(file.executable ? '0000755\0' : '0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\0', 257);
  header.write('00', 263);
  header.write(prefix, 345, 155);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= 100) return { name: path, prefix: '' };
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const name = path.slice(slash + 1);
    const prefix = path.slice(0, slash);
    if (Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) return { name, prefix };
  }
  throw new Error(`the path is too long for a build context: ${path}`);
}
