/**
 * RESP2 as bytes: requests of clients in, replies out.
 *
 * The parser is incremental and bounded: what a client sends is cut into requests of byte strings,
 * and what is no request is a protocol error, after which the connection is of no use.
 */

export type RespReply =
  | { readonly type: 'simple'; readonly text: string }
  | { readonly type: 'error'; readonly code: string; readonly text: string }
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bulk'; readonly value: Uint8Array | null }
  | { readonly type: 'array'; readonly items: readonly RespReply[] };

export interface RespLimits {
  /** Of one key, value or option. */
  readonly bulkBytesMax: number;
  readonly argumentCountMax: number;
  /** Of all arguments of one request. */
  readonly requestBytesMax: number;
  readonly inlineBytesMax: number;
}

export const respLimits: RespLimits = {
  bulkBytesMax: 1024 * 1024,
  argumentCountMax: 1024,
  requestBytesMax: 4 * 1024 * 1024,
  inlineBytesMax: 64 * 1024,
};

/** What came is not RESP. The text is fit for the client. */
export class RespProtocolError extends Error {
  override readonly name = 'RespProtocolError';
}

const star = 0x2a;
const dollar = 0x24;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** Of a line that holds a count or a length. */
const headerBytesMax = 32;

export class RespParser {
  readonly #limits: RespLimits;
  #buffer: Buffer = Buffer.alloc(0);
  #offset = 0;
  /** Chunks that came while a long bulk string is waited for: joined once it is complete. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #wantedBytes = 0;
  /** The request that is being read, or null between requests. */
  #request: { readonly count: number; readonly parts: Uint8Array[]; bytes: number } | null = null;
  #bulkLength: number | null = null;

  constructor(limits: RespLimits = respLimits) {
    this.#limits = limits;
  }

  get bufferedBytes(): number {
    return this.#buffer.length - this.#offset + this.#chunkBytes;
  }

  push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
  }

  /** The next whole request, or null when more bytes are needed. Throws RespProtocolError. */
  next(): readonly Uint8Array[] | null {
    for (;;) {
      if (!this.#gather()) return null;
      if (this.#request === null) {
        const inline = this.#begin();
        if (inline !== null) return inline;
        if (this.#request === null) return null;
      }
      const part = this.#part(this.#request);
      if (part === null) return null;
      this.#request.parts.push(part);
      if (this.#request.parts.length < this.#request.count) continue;
      const { parts } = this.#request;
      this.#request = null;
      return parts;
    }
  }

  /** Joins what came to what is left, unless that is known to be too little. */
  #gather(): boolean {
    if (this.#chunkBytes > 0) {
      const rest = this.#buffer.length - this.#offset;
      if (rest + this.#chunkBytes < this.#wantedBytes) return false;
      this.#buffer = Buffer.concat([this.#buffer.subarray(this.#offset), ...this.#chunks]);
      this.#offset = 0;
      this.#chunks = [];
      this.#chunkBytes = 0;
    }
    this.#wantedBytes = 0;
    return true;
  }

  /** Begins a request; an inline one is whole at once. Null with no request begun: more bytes. */
  #begin(): readonly Uint8Array[] | null {
    for (;;) {
      if (this.#offset >= this.#buffer.length) return null;
      if (this.#buffer[this.#offset] !== star) {
        const line = this.#line(this.#limits.inlineBytesMax, 'too big inline request');
        if (line === null) return null;
        const parts = splitInline(line);
        if (parts.length > 0) return parts;
        continue;
      }
      const line = this.#line(headerBytesMax, 'invalid multibulk length');
      if (line === null) return null;
      const count = parseLength(line, this.#limits.argumentCountMax);
      if (count === null) throw new RespProtocolError('invalid multibulk length');
      // Redis skips an empty request without an answer.
      if (count <= 0) continue;
      this.#request = { count, parts: [], bytes: 0 };
      return null;
    }
  }

  #part(request: { bytes: number }): Uint8Array | null {
    if (this.#bulkLength === null) {
      const line = this.#line(headerBytesMax, 'invalid bulk length');
      if (line === null) return null;
      if (line[0] !== dollar) {
        const found = line.length === 0 ? ' ' : String.fromCharCode(line[0] ?? 0);
        throw new RespProtocolError(`expected '$', got '${found}'`);
      }
      const length = parseLength(line, this.#limits.bulkBytesMax);
      if (length === null || length < 0) throw new RespProtocolError('invalid bulk length');
      request.bytes += length;
      if (request.bytes > this.#limits.requestBytesMax) {
        throw new RespProtocolError('too big request');
      }
      this.#bulkLength = length;
    }
    const end = this.#offset + this.#bulkLength;
    if (end + 2 > this.#buffer.length) {
      this.#wantedBytes = this.#bulkLength + 2;
      return null;
    }
    if (this.#buffer[end] !== carriageReturn || this.#buffer[end + 1] !== lineFeed) {
      throw new RespProtocolError('a bulk string does not end where its length says');
    }
    // A copy: a value outlives by far the chunk that it came in.
    const part = Uint8Array.prototype.slice.call(this.#buffer, this.#offset, end);
    this.#offset = end + 2;
    this.#bulkLength = null;
    return part;
  }

  /** The line without its end, or null when it is not whole yet. */
  #line(bytesMax: number, complaint: string): Buffer | null {
    const end = this.#buffer.indexOf(lineFeed, this.#offset);
    const length = (end < 0 ? this.#buffer.length : end) - this.#offset;
    if (length > bytesMax) throw new RespProtocolError(complaint);
    if (end < 0) return null;
    const line = this.#buffer.subarray(this.#offset, end);
    this.#offset = end + 1;
    return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
  }
}

/** The number behind the type byte, or null when there is none or it is too large. */
function parseLength(line: Buffer, max: number): number | null {
  const text = line.toString('latin1', 1);
  if (!/^-?[0-9]{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value > max ? null : value;
}

/** Words between spaces; quotes hold a word together. As much of Redis's way as a person types. */
function splitInline(line: Buffer): readonly Uint8Array[] {
  const text = line.toString('latin1').trim();
  const words: Uint8Array[] = [];
  const pattern = /"((?:[^"\\]|\\.)*)"(?=\s|$)|'((?:[^'\\]|\\.)*)'(?=\s|$)|([^\s"']+)|(\S)/g;
  for (const [, double, single, bare, stray] of text.matchAll(pattern)) {
    if (stray !== undefined) throw new RespProtocolError('unbalanced quotes in request');
    const word = double ?? single ?? bare ?? '';
    words.push(Buffer.from(bare === undefined ? unescapeQuoted(word) : word, 'latin1'));
  }
  return words;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' };

function unescapeQuoted(text: string): string {
  return text.replace(/\\x([0-9a-fA-F]{2})|\\(.)/g, (_, hex?: string, other?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return escapes[other ?? ''] ?? other ?? '';
  });
}

export function encodeReply(reply: RespReply): Uint8Array {
  switch (reply.type) {
    case 'simple':
      return Buffer.from(`+${oneLine(reply.text)}\r\n`);
    case 'error':
      return Buffer.from(`-${reply.code} ${oneLine(reply.text)}\r\n`);
    case 'integer':
      return Buffer.from(`:${reply.value}\r\n`);
    case 'bulk': {
      const { value } = reply;
      if (value === null) return Buffer.from('$-1\r\n');
      return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
    }
    case 'array': {
      const items = reply.items.map(encodeReply);
      return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
    }
  }
}

/** A line feed inside would be the start of another reply. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
