/**
 * Replies as bytes, in RESP2 or RESP3.
 *
 * A reply says what it is (a map, a set, nothing there); how each protocol writes that is decided
 * here alone. What leaves may be a view on a value of the state machine, which is never written to
 * again: a large value is not copied on its way out.
 */
import type { ErrorReply } from '../errors.ts';

export type Protocol = 2 | 3;

export type RespReply =
  | { readonly type: 'ok' }
  | { readonly type: 'simple'; readonly text: string }
  | ErrorReply
  | { readonly type: 'integer'; readonly value: number | bigint }
  | { readonly type: 'bulk'; readonly value: Uint8Array | null }
  | { readonly type: 'text'; readonly text: string }
  /** A page for people: a verbatim string in RESP3. */
  | { readonly type: 'page'; readonly text: string }
  | { readonly type: 'array'; readonly items: readonly RespItem[] }
  | { readonly type: 'set'; readonly items: readonly RespItem[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [RespItem, RespItem])[] };

/** Bytes are a bulk string. */
export type RespItem = Uint8Array | RespReply;

type Write = (bytes: Uint8Array) => void;

/** Larger ones leave as they are, between their header and their end. */
const copiedBytesMax = 16 * 1024;
/** Where several replies or items are written together. */
const slabBytes = 64 * 1024;
const firstSlabBytes = 2 * 1024;

const lineEnd = Buffer.from('\r\n');
const okReply = Buffer.from('+OK\r\n');
const nullBulk = Buffer.from('$-1\r\n');
const nullInRespThree = Buffer.from('_\r\n');

const dollar = 0x24;
const colon = 0x3a;
const zero = 0x30;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** One reply by itself: what most commands get, without detours. */
export function writeReply(reply: RespReply, protocol: Protocol, write: Write): void {
  switch (reply.type) {
    case 'ok':
      write(okReply);
      return;
    case 'bulk':
      if (reply.value === null) write(protocol === 3 ? nullInRespThree : nullBulk);
      else if (reply.value.length > copiedBytesMax) writeLarge(reply.value, write);
      else write(encodeBulk(reply.value));
      return;
    case 'integer':
      write(encodeInteger(reply.value));
      return;
    case 'error':
      write(Buffer.from(`-${reply.code} ${oneLine(reply.text)}\r\n`));
      return;
    default: {
      const writer = new ReplyWriter(write);
      writer.reply(reply, protocol);
      writer.flush();
    }
  }
}

function writeLarge(value: Uint8Array, write: Write): void {
  write(Buffer.from(`$${value.length}\r\n`, 'latin1'));
  write(value);
  write(lineEnd);
}

function encodeBulk(value: Uint8Array): Uint8Array {
  const { length } = value;
  const digitCount = digitCountOf(length);
  const bytes = Buffer.allocUnsafe(digitCount + length + 5);
  const start = writeCount(bytes, { type: dollar, count: length, digitCount, offset: 0 });
  bytes.set(value, start);
  bytes[start + length] = carriageReturn;
  bytes[start + length + 1] = lineFeed;
  return bytes;
}

function encodeInteger(value: number | bigint): Uint8Array {
  if (typeof value !== 'number' || value < 0 || value > 999_999) {
    return Buffer.from(`:${value}\r\n`, 'latin1');
  }
  const digitCount = digitCountOf(value);
  const bytes = Buffer.allocUnsafe(digitCount + 3);
  writeCount(bytes, { type: colon, count: value, digitCount, offset: 0 });
  return bytes;
}

interface Count {
  readonly type: number;
  /** Below 10^9. */
  readonly count: number;
  readonly digitCount: number;
  readonly offset: number;
}

/** `$12\r\n` at the offset; where it ends. */
function writeCount(bytes: Uint8Array, { type, count, digitCount, offset }: Count): number {
  bytes[offset] = type;
  let rest = count;
  for (let position = offset + digitCount; position > offset; position -= 1) {
    const next = (rest / 10) | 0;
    bytes[position] = zero + rest - next * 10;
    rest = next;
  }
  bytes[offset + digitCount + 1] = carriageReturn;
  bytes[offset + digitCount + 2] = lineFeed;
  return offset + digitCount + 3;
}

function digitCountOf(count: number): number {
  let digitCount = 1;
  for (let limit = 10; count >= limit; limit *= 10) digitCount += 1;
  return digitCount;
}

/** Many replies or items together, in few pieces. `flush` when the last is in. */
export class ReplyWriter {
  readonly #write: Write;
  #slab: Buffer;
  #start = 0;
  #end = 0;

  constructor(write: Write) {
    this.#write = write;
    this.#slab = Buffer.allocUnsafe(firstSlabBytes);
  }

  flush(): void {
    if (this.#end === this.#start) return;
    const piece = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#write(piece);
  }

  reply(reply: RespReply, protocol: Protocol): void {
    switch (reply.type) {
      case 'ok':
        this.#bytes(okReply);
        return;
      case 'simple':
        this.#text(`+${oneLine(reply.text)}\r\n`);
        return;
      case 'error':
        this.#text(`-${reply.code} ${oneLine(reply.text)}\r\n`);
        return;
      case 'integer':
        this.#text(`:${reply.value}\r\n`);
        return;
      case 'bulk':
        if (reply.value === null) this.#bytes(protocol === 3 ? nullInRespThree : nullBulk);
        else this.#bulk(reply.value);
        return;
      case 'text':
        this.#bulk(Buffer.from(reply.text));
        return;
      case 'page':
        this.#page(reply.text, protocol);
        return;
      case 'array':
        this.#items(`*${reply.items.length}\r\n`, reply.items, protocol);
        return;
      case 'set':
        this.#items(
          `${protocol === 3 ? '~' : '*'}${reply.items.length}\r\n`,
          reply.items,
          protocol,
        );
        return;
      case 'map': {
        const { length } = reply.entries;
        const header = protocol === 3 ? `%${length}\r\n` : `*${2 * length}\r\n`;
        this.#items(header, reply.entries.flat(), protocol);
      }
    }
  }

  #items(header: string, items: readonly RespItem[], protocol: Protocol): void {
    this.#text(header);
    for (const item of items) {
      if (item instanceof Uint8Array) this.#bulk(item);
      else this.reply(item, protocol);
    }
  }

  #page(text: string, protocol: Protocol): void {
    const bytes = Buffer.from(text);
    if (protocol === 2) {
      this.#bulk(bytes);
      return;
    }
    this.#text(`=${bytes.length + 4}\r\ntxt:`);
    this.#bytes(bytes);
    this.#bytes(lineEnd);
  }

  #bulk(value: Uint8Array): void {
    const { length } = value;
    if (length > copiedBytesMax) {
      this.flush();
      writeLarge(value, this.#write);
      return;
    }
    const digitCount = digitCountOf(length);
    this.#reserve(digitCount + length + 5);
    const place = { type: dollar, count: length, digitCount, offset: this.#end };
    const start = writeCount(this.#slab, place);
    this.#slab.set(value, start);
    this.#slab[start + length] = carriageReturn;
    this.#slab[start + length + 1] = lineFeed;
    this.#end = start + length + 2;
  }

  #text(text: string): void {
    const byteCount = Buffer.byteLength(text);
    this.#reserve(byteCount);
    this.#slab.write(text, this.#end);
    this.#end += byteCount;
  }

  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #reserve(byteCount: number): void {
    if (this.#end + byteCount <= this.#slab.length) return;
    this.flush();
    this.#slab = Buffer.allocUnsafe(Math.max(slabBytes, byteCount));
    this.#start = 0;
    this.#end = 0;
  }
}

/** A line feed inside would be the start of another reply. */
function oneLine(text: string): string {
  if (!text.includes('\n') && !text.includes('\r')) return text;
  return text.replace(/[\r\n]/g, ' ');
}

export function respText(text: string): RespReply {
  return { type: 'text', text };
}
