/**
 * A RESP2 connection on a byte stream: commands out, replies in, in the order of the commands.
 *
 * It knows the protocol and nothing of what the commands mean. A reply that does not parse ends
 * the connection: whatever was waiting on it has an unknown outcome.
 */
import type { ByteStream } from '../cluster.ts';

export type RespReply =
  | { readonly type: 'simple'; readonly value: string }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  | { readonly type: 'integer'; readonly value: number }
  /** Its digits: a number would be another one. */
  | { readonly type: 'big-integer'; readonly value: string }
  /** null is the null bulk string: absent. */
  | { readonly type: 'bulk'; readonly value: string | null }
  /** null is the null array. An element may be an error. */
  | { readonly type: 'array'; readonly value: readonly RespReply[] | null };

/** Why no reply will come. The command may have been carried out. */
export interface RespLost {
  readonly type: 'lost';
  readonly reason: string;
}

type Waiting = (reply: RespReply | RespLost) => void;

const decoder = new TextDecoder();

/** `*2\r\n$3\r\nGET\r\n$1\r\nk\r\n` */
export function encodeCommand(args: readonly string[]): Uint8Array {
  let text = `*${args.length}\r\n`;
  for (const arg of args) text += `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`;
  return Buffer.from(text);
}

export class RespConnection {
  readonly #stream: ByteStream;
  readonly #waiting: Waiting[] = [];
  #received: Uint8Array = new Uint8Array(0);
  #closedBecause: string | null = null;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.onData((bytes) => this.#receive(bytes));
    stream.onClose((reason) => this.#lose(reason));
  }

  get isOpen(): boolean {
    return this.#closedBecause === null;
  }

  /** Calls back once, with the reply or with the loss of the connection. */
  call(args: readonly string[], done: Waiting): void {
    if (this.#closedBecause !== null) {
      done({ type: 'lost', reason: this.#closedBecause });
      return;
    }
    this.#waiting.push(done);
    this.#stream.write(encodeCommand(args));
  }

  close(): void {
    this.#lose('closed by the client');
    this.#stream.close();
  }

  #lose(reason: string): void {
    if (this.#closedBecause !== null) return;
    this.#closedBecause = reason;
    for (const done of this.#waiting.splice(0)) done({ type: 'lost', reason });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closedBecause !== null) return;
    this.#received = this.#received.length === 0 ? bytes : concatenate(this.#received, bytes);
    let offset = 0;
    while (this.#closedBecause === null) {
      const parsed = parseReply(this.#received, offset);
      if (parsed === 'incomplete') break;
      // Whoever waits is still in the queue here, so that it hears of the loss.
      if (parsed === 'malformed' || this.#waiting.length === 0) {
        this.#lose(parsed === 'malformed' ? 'malformed reply' : 'reply without a command');
        this.#stream.close();
        return;
      }
      const done = this.#waiting.shift();
      offset = parsed.end;
      done?.(parsed.reply);
    }
    this.#received = this.#received.subarray(offset);
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}

/** Most are a few letters and digits: a decoder takes longer to be called than to read them. */
const shortBytesMax = 24;

function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > shortBytesMax) return decoder.decode(bytes.subarray(start, end));
  let text = '';
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte > 0x7f) return decoder.decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

interface Parsed {
  readonly reply: RespReply;
  readonly end: number;
}

/** Deeper than any answer; what is deeper is malformed, not a full stack. */
const depthMax = 8;

/** One reply from `offset` on. */
function parseReply(
  bytes: Uint8Array,
  offset: number,
  depth = 0,
): Parsed | 'incomplete' | 'malformed' {
  if (offset >= bytes.length) return 'incomplete';
  const lineEnd = bytes.indexOf(0x0a, offset);
  if (lineEnd === -1) return 'incomplete';
  if (bytes[lineEnd - 1] !== 0x0d) return 'malformed';
  const line = textOf(bytes, offset + 1, lineEnd - 1);
  const end = lineEnd + 1;
  switch (String.fromCharCode(bytes[offset] ?? 0)) {
    case '+':
      return { reply: { type: 'simple', value: line }, end };
    case '-': {
      const space = line.indexOf(' ');
      const code = space === -1 ? line : line.slice(0, space);
      return { reply: { type: 'error', code, message: line.slice(code.length + 1) }, end };
    }
    case ':':
      return /^-?\d+$/.test(line) ? { reply: integerReply(line), end } : 'malformed';
    case '$':
      return parseBulk(bytes, line, end);
    case '*':
      return depth < depthMax ? parseArray(bytes, line, { start: end, depth }) : 'malformed';
    default:
      return 'malformed';
  }
}

function integerReply(digits: string): RespReply {
  const value = Number(digits);
  return Number.isSafeInteger(value)
    ? { type: 'integer', value }
    : { type: 'big-integer', value: digits };
}

function parseBulk(bytes: Uint8Array, line: string, start: number): ReturnType<typeof parseReply> {
  if (line === '-1') return { reply: { type: 'bulk', value: null }, end: start };
  if (!/^\d{1,9}$/.test(line)) return 'malformed';
  const end = start + Number(line);
  if (bytes.length < end + 2) return 'incomplete';
  return { reply: { type: 'bulk', value: textOf(bytes, start, end) }, end: end + 2 };
}

function parseArray(
  bytes: Uint8Array,
  line: string,
  { start, depth }: { readonly start: number; readonly depth: number },
): ReturnType<typeof parseReply> {
  if (line === '-1') return { reply: { type: 'array', value: null }, end: start };
  if (!/^\d{1,9}$/.test(line)) return 'malformed';
  const value: RespReply[] = [];
  let end = start;
  for (let left = Number(line); left > 0; left--) {
    const element = parseReply(bytes, end, depth + 1);
    if (typeof element === 'string') return element;
    value.push(element.reply);
    end = element.end;
  }
  return { reply: { type: 'array', value }, end };
}
