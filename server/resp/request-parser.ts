/**
 * RESP requests: bytes of a client in, lists of byte strings out. RESP2 and RESP3 ask alike.
 *
 * Incremental and bounded: a request that exceeds a limit is refused before it is taken in, and
 * what is no request is a protocol error, after which the connection is of no use. The parts of a
 * request are views on the bytes that came, so who brings bytes must not write to them again.
 */
import { splitInlineWords } from './inline-words.ts';
import { RespProtocolError } from './resp-protocol-error.ts';

export interface RespLimits {
  /** Of one key, value or option. */
  readonly bulkBytesMax: number;
  readonly argumentCountMax: number;
  /** Of all arguments of one request. */
  readonly requestBytesMax: number;
  readonly inlineBytesMax: number;
  /** What a count or a length beyond them is called. */
  readonly excess: 'invalid' | 'unauthenticated';
}

export const respLimits: RespLimits = {
  bulkBytesMax: 1024 * 1024,
  argumentCountMax: 1024,
  requestBytesMax: 4 * 1024 * 1024,
  inlineBytesMax: 64 * 1024,
  excess: 'invalid',
};

/** For who has not given the password yet, as in Redis: enough for AUTH and HELLO. */
export const strangerLimits: RespLimits = {
  bulkBytesMax: 16 * 1024,
  argumentCountMax: 10,
  requestBytesMax: 64 * 1024,
  inlineBytesMax: 64 * 1024,
  excess: 'unauthenticated',
};

const star = 0x2a;
const dollar = 0x24;
const minus = 0x2d;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const zero = 0x30;
const nine = 0x39;
const digitCountMax = 10;

/** What #number answers for a line that is not whole. */
const incomplete = -2;

const nothing = Buffer.alloc(0);

export class RequestParser {
  limits: RespLimits;
  #buffer: Buffer = nothing;
  #offset = 0;
  /** Chunks that came while a long bulk string is waited for: joined once it is complete. */
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  /** From #offset on, of which it is known that less is too little. */
  #wantedBytes = 0;
  /** How far an inline line was searched for its end. */
  #searched = 0;
  /** The request that is being read: how many parts it has, or 0 between requests. */
  #partCount = 0;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  /** Of the bulk string that comes next, or -1 before its header. */
  #bulkLength = -1;

  constructor(limits: RespLimits = respLimits) {
    this.limits = limits;
  }

  get bufferedBytes(): number {
    return this.#buffer.length - this.#offset + this.#chunkBytes;
  }

  get isBetweenRequests(): boolean {
    return this.#partCount === 0 && this.bufferedBytes === 0;
  }

  push(bytes: Uint8Array): void {
    if (this.#chunkBytes === 0 && this.#offset === this.#buffer.length) {
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#offset = 0;
      this.#wantedBytes = 0;
      this.#searched = 0;
      return;
    }
    this.#chunks.push(bytes);
    this.#chunkBytes += bytes.length;
  }

  /** The next whole request, or null when more bytes are needed. Throws RespProtocolError. */
  next(): readonly Uint8Array[] | null {
    if (this.#chunkBytes > 0 && !this.#gather()) return null;
    while (this.#partCount === 0) {
      if (this.#offset >= this.#buffer.length) return null;
      if (this.#buffer[this.#offset] !== star) {
        const words = this.#inline();
        if (words === null || words.length > 0) return words;
        continue;
      }
      const count = this.#number('invalid multibulk length');
      if (count === incomplete) return null;
      if (count > this.limits.argumentCountMax) {
        throw new RespProtocolError(`${this.limits.excess} multibulk length`);
      }
      // Redis skips an empty request without an answer.
      if (count > 0) this.#begin(count);
    }
    while (this.#parts.length < this.#partCount) {
      if (!this.#takePart()) return null;
    }
    const parts = this.#parts;
    this.#parts = [];
    this.#partCount = 0;
    return parts;
  }

  #begin(count: number): void {
    this.#partCount = count;
    this.#partBytes = 0;
  }

  /** Joins what came to what is left, unless that is known to be too little. */
  #gather(): boolean {
    const rest = this.#buffer.length - this.#offset;
    if (rest + this.#chunkBytes < this.#wantedBytes) return false;
    const left = this.#buffer.subarray(this.#offset);
    this.#buffer = Buffer.concat([left, ...this.#chunks], rest + this.#chunkBytes);
    this.#searched = Math.max(0, this.#searched - this.#offset);
    this.#offset = 0;
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#wantedBytes = 0;
    return true;
  }

  /** False when more bytes are needed. */
  #takePart(): boolean {
    const buffer = this.#buffer;
    if (this.#bulkLength < 0 && !this.#takeBulkHeader()) return false;
    const start = this.#offset;
    const end = start + this.#bulkLength;
    if (end + 2 > buffer.length) {
      this.#wantedBytes = this.#bulkLength + 2;
      return false;
    }
    if (buffer[end] !== carriageReturn || buffer[end + 1] !== lineFeed) {
      throw new RespProtocolError('a bulk string does not end where its length says');
    }
    this.#parts.push(new Uint8Array(buffer.buffer, buffer.byteOffset + start, this.#bulkLength));
    this.#offset = end + 2;
    this.#bulkLength = -1;
    return true;
  }

  #takeBulkHeader(): boolean {
    const type = this.#buffer[this.#offset];
    if (type === undefined) return false;
    if (type !== dollar) {
      const found = type < 0x20 || type > 0x7e ? ' ' : String.fromCharCode(type);
      throw new RespProtocolError(`expected '$', got '${found}'`);
    }
    const length = this.#number('invalid bulk length');
    if (length === incomplete) return false;
    if (length < 0) throw new RespProtocolError('invalid bulk length');
    if (length > this.limits.bulkBytesMax) {
      throw new RespProtocolError(`${this.limits.excess} bulk length`);
    }
    this.#partBytes += length;
    if (this.#partBytes > this.limits.requestBytesMax) {
      throw new RespProtocolError('too big request');
    }
    this.#bulkLength = length;
    return true;
  }

  /**
   * The number behind the type byte, with the line's end taken; -1 for any negative one. Written
   * out digit by digit as Redis reads it: no sign but a minus, no zero in front.
   */
  #number(complaint: string): number {
    const buffer = this.#buffer;
    let position = this.#offset + 1;
    const negative = buffer[position] === minus;
    if (negative) position += 1;
    const first = position;
    let value = 0;
    let byte = buffer[position];
    while (byte !== undefined && byte >= zero && byte <= nine) {
      value = value * 10 + (byte - zero);
      position += 1;
      byte = buffer[position];
    }
    const digitCount = position - first;
    const leadingZero = buffer[first] === zero && (digitCount > 1 || negative);
    if (digitCount > digitCountMax || leadingZero) throw new RespProtocolError(complaint);
    if (byte === undefined) return incomplete;
    if (digitCount === 0) throw new RespProtocolError(complaint);
    if (byte === carriageReturn) {
      position += 1;
      byte = buffer[position];
      if (byte === undefined) return incomplete;
    }
    if (byte !== lineFeed) throw new RespProtocolError(complaint);
    this.#offset = position + 1;
    return negative ? -1 : value;
  }

  /** The words of a line, perhaps none, or null while the line is not whole. */
  #inline(): readonly Uint8Array[] | null {
    const from = Math.max(this.#searched, this.#offset);
    const end = this.#buffer.indexOf(lineFeed, from);
    const length = (end < 0 ? this.#buffer.length : end) - this.#offset;
    if (length > this.limits.inlineBytesMax) {
      throw new RespProtocolError('too big inline request');
    }
    if (end < 0) {
      this.#searched = this.#buffer.length;
      return null;
    }
    const line = this.#buffer.subarray(this.#offset, end);
    this.#offset = end + 1;
    const words = splitInlineWords(line);
    if (words.length > this.limits.argumentCountMax) {
      throw new RespProtocolError('too big inline request');
    }
    return words;
  }
}
