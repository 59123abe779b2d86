/**
 * Reads a line of history.jsonl from its bytes straight into the builder's columns: no string, no
 * object for a line.
 *
 * It knows the usual shape of a line alone: members in any order, whole numbers, plain ASCII texts,
 * true, false, null, arrays of two such, `{"swapped":…,"seen":…}`. At anything else it is not sure,
 * takes nothing and says so; then JSON.parse and parseOp decide. So it refuses nothing itself, and
 * what it takes is what they would have taken.
 */
import { none, swapOutcome } from '../../checker/columns.ts';
import type { OpType } from '../../checker/history.ts';
import { emptyEvent, type HistoryBuilder, type LineEvent } from '../../checker/pairing.ts';
import { absentValue } from '../../checker/values.ts';
import { ByteNames, type ByteSpan, emptyHash, hashByte } from './byte-names.ts';

const byteOf = (text: string): number => text.charCodeAt(0);
const lineBreak = byteOf('\n');
const carriageReturn = byteOf('\r');
const space = byteOf(' ');
const quote = byteOf('"');
const comma = byteOf(',');
const minus = byteOf('-');
const zero = byteOf('0');
const nine = byteOf('9');
const backslash = byteOf('\\');
const openArray = byteOf('[');
const closeArray = byteOf(']');
const openObject = byteOf('{');
const closeObject = byteOf('}');
const firstOf = {
  f: byteOf('f'),
  i: byteOf('i'),
  k: byteOf('k'),
  n: byteOf('n'),
  o: byteOf('o'),
  p: byteOf('p'),
  r: byteOf('r'),
  s: byteOf('s'),
  t: byteOf('t'),
  v: byteOf('v'),
} as const;

const word = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
const words = {
  index: word('"index":'),
  timeNs: word('"timeNs":'),
  process: word('"process":'),
  node: word('"node":'),
  type: word('"type":'),
  f: word('"f":'),
  key: word('"key":'),
  value: word('"value":'),
  result: word('"result":'),
  scheduledNs: word('"scheduledNs":'),
  nemesis: word('"nemesis"'),
  invoke: word('"invoke"'),
  info: word('"info"'),
  ok: word('"ok"'),
  fail: word('"fail"'),
  null: word('null'),
  true: word('true'),
  false: word('false'),
  swapped: word('"swapped":'),
  seen: word('"seen":'),
} as const;

/** Bits of the members that a line has had. */
const member = {
  index: 1,
  timeNs: 2,
  process: 4,
  type: 8,
  f: 16,
  node: 32,
  key: 64,
  value: 128,
  result: 256,
  scheduledNs: 512,
} as const;
const required = member.index | member.timeNs | member.process | member.type | member.f;

/** More digits than that may not be a number that is exact. */
const digitsMax = 15;
const notSure = -1;
const nemesis = -2;

export class LineScanner {
  readonly #builder: HistoryBuilder;
  readonly #functions: ByteNames;
  readonly #keys: ByteNames;
  readonly #nodes: ByteNames;
  readonly #texts: ByteNames;
  readonly #true: () => number;
  readonly #false: () => number;
  readonly #event: LineEvent = emptyEvent();
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Bits of `member`. */
  #seen = 0;
  #index = 0;
  // Names get their numbers when the whole line is known to be a good one.
  readonly #f: ByteSpan = emptySpan();
  readonly #key: ByteSpan = emptySpan();
  readonly #node: ByteSpan = emptySpan();
  readonly #text: ByteSpan = emptySpan();
  #value: number = absentValue;
  #value2: number = none;
  #result: number = absentValue;
  #outcome: number = swapOutcome.untold;

  constructor(builder: HistoryBuilder) {
    this.#builder = builder;
    this.#functions = new ByteNames((text) => builder.functions.idOf(text));
    this.#keys = new ByteNames((text) => builder.keys.idOf(text));
    this.#nodes = new ByteNames((text) => builder.nodes.idOf(text));
    this.#texts = new ByteNames((text) => builder.values.idOf(text));
    this.#true = once(() => builder.values.idOf(true));
    this.#false = once(() => builder.values.idOf(false));
  }

  /** After a `take` that was sure: where the line ended. */
  get lineEnd(): number {
    return this.#at;
  }

  /**
   * True when it has handed the line to the builder, which may throw a HistoryError. The line
   * begins at `start`, and ends at a line break, which must be there.
   */
  take(bytes: Buffer, start: number): boolean {
    this.#bytes = bytes;
    this.#at = start;
    this.#seen = 0;
    this.#value = absentValue;
    this.#value2 = none;
    if (!this.#readMembers()) return false;
    if ((this.#seen & required) !== required || this.#index !== this.#builder.lines) return false;
    if (this.#event.process === nemesis) {
      this.#builder.skip();
      return true;
    }
    return this.#handOver();
  }

  #readMembers(): boolean {
    if (!this.#skip(openObject)) return false;
    for (;;) {
      const bit = this.#readMember();
      if (bit <= 0 || (this.#seen & bit) !== 0) return false;
      this.#seen |= bit;
      if (this.#skip(comma)) {
        if (this.#bytes[this.#at] === space) this.#at += 1;
        continue;
      }
      if (!this.#skip(closeObject)) return false;
      if (this.#bytes[this.#at] === carriageReturn) this.#at += 1;
      return this.#bytes[this.#at] === lineBreak;
    }
  }

  #handOver(): boolean {
    const event = this.#event;
    const seen = this.#seen;
    if (event.type === 'invoke') {
      event.argument = this.#value;
      event.argument2 = this.#value2;
    } else if ((seen & member.result) !== 0) {
      event.output = this.#result;
      event.outcome = this.#outcome;
    } else {
      // An array that was answered is a value of its own.
      if (event.type === 'ok' && this.#value2 !== none) return false;
      event.output = this.#value;
      event.outcome = swapOutcome.untold;
    }
    event.f = this.#functions.idAt(this.#bytes, this.#f);
    event.key = (seen & member.key) === 0 ? none : this.#keys.idAt(this.#bytes, this.#key);
    event.node = (seen & member.node) === 0 ? none : this.#nodes.idAt(this.#bytes, this.#node);
    this.#builder.addEvent(event);
    return true;
  }

  /** The bit of the member that was read; `notSure` at any other. */
  #readMember(): number {
    switch (this.#bytes[this.#at + 1]) {
      case firstOf.i:
        this.#index = this.#begin(words.index) ? this.#readCount() : notSure;
        return this.#index < 0 ? notSure : member.index;
      case firstOf.t:
        return this.#readTimeOrType();
      case firstOf.p:
        return this.#begin(words.process) && this.#readProcess() ? member.process : notSure;
      case firstOf.n:
        return this.#begin(words.node) && this.#readText(this.#node) ? member.node : notSure;
      case firstOf.f:
        if (!this.#begin(words.f) || !this.#readText(this.#f)) return notSure;
        return this.#f.start === this.#f.end ? notSure : member.f;
      case firstOf.k:
        return this.#begin(words.key) && this.#readText(this.#key) ? member.key : notSure;
      case firstOf.v:
        return this.#begin(words.value) && this.#readValue() ? member.value : notSure;
      case firstOf.r:
        return this.#begin(words.result) && this.#readResult() ? member.result : notSure;
      case firstOf.s:
        // For plots only: it is checked and not kept.
        if (!this.#begin(words.scheduledNs)) return notSure;
        return this.#readCount() < 0 ? notSure : member.scheduledNs;
      default:
        return notSure;
    }
  }

  #readTimeOrType(): number {
    if (this.#begin(words.timeNs)) {
      this.#event.timeNs = this.#readCount();
      return this.#event.timeNs < 0 ? notSure : member.timeNs;
    }
    if (!this.#begin(words.type)) return notSure;
    const type = this.#readType();
    if (type === null) return notSure;
    this.#event.type = type;
    return member.type;
  }

  #readType(): OpType | null {
    switch (this.#bytes[this.#at + 1]) {
      case firstOf.o:
        return this.#isNext(words.ok) ? 'ok' : null;
      case firstOf.f:
        return this.#isNext(words.fail) ? 'fail' : null;
      case firstOf.i:
        if (this.#isNext(words.invoke)) return 'invoke';
        return this.#isNext(words.info) ? 'info' : null;
      default:
        return null;
    }
  }

  #readProcess(): boolean {
    const isNemesis = this.#isNext(words.nemesis);
    this.#event.process = isNemesis ? nemesis : this.#readCount();
    return this.#event.process !== notSure;
  }

  #readValue(): boolean {
    if (!this.#skip(openArray)) {
      this.#value = this.#readScalar();
      return this.#value >= 0;
    }
    this.#value = this.#readScalar();
    if (this.#value < 0 || !this.#skip(comma)) return false;
    if (this.#bytes[this.#at] === space) this.#at += 1;
    this.#value2 = this.#readScalar();
    return this.#value2 >= 0 && this.#skip(closeArray);
  }

  #readResult(): boolean {
    if (this.#bytes[this.#at] === openObject) return this.#readSwap();
    this.#outcome = swapOutcome.untold;
    this.#result = this.#readScalar();
    return this.#result >= 0;
  }

  /** `{"swapped":true,"seen":3}`; what was seen may be left out. */
  #readSwap(): boolean {
    this.#at += 1;
    if (!this.#begin(words.swapped)) return false;
    const swapped = this.#isNext(words.true);
    if (!swapped && !this.#isNext(words.false)) return false;
    this.#outcome = swapped ? swapOutcome.swapped : swapOutcome.missed;
    this.#result = none;
    if (this.#skip(closeObject)) return true;
    if (!this.#skip(comma)) return false;
    if (this.#bytes[this.#at] === space) this.#at += 1;
    if (!this.#begin(words.seen)) return false;
    this.#result = this.#readScalar();
    return this.#result >= 0 && this.#skip(closeObject);
  }

  /** The id of a text, a whole number, true, false or null; `notSure` at anything else. */
  #readScalar(): number {
    const byte = this.#bytes[this.#at] ?? 0;
    if (byte === quote) {
      return this.#readText(this.#text) ? this.#texts.idAt(this.#bytes, this.#text) : notSure;
    }
    if (byte === firstOf.n) return this.#isNext(words.null) ? absentValue : notSure;
    if (byte === firstOf.t) return this.#isNext(words.true) ? this.#true() : notSure;
    if (byte === firstOf.f) return this.#isNext(words.false) ? this.#false() : notSure;
    if (byte !== minus) {
      const count = this.#readCount();
      return count < 0 ? notSure : this.#builder.values.idOfInteger(count);
    }
    this.#at += 1;
    const count = this.#readCount();
    return count <= 0 ? notSure : this.#builder.values.idOfInteger(-count);
  }

  /** A whole number from 0 on; `notSure` when it may be more than that. */
  #readCount(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    let count = 0;
    for (;;) {
      const byte = bytes[at] ?? 0;
      if (byte < zero || byte > nine) break;
      count = count * 10 + byte - zero;
      at += 1;
    }
    this.#at = at;
    const digits = at - start;
    // What follows a number decides whoever reads on: a point or an exponent is no comma.
    const isPlain = digits === 1 || (bytes[start] !== zero && digits > 0 && digits <= digitsMax);
    return isPlain ? count : notSure;
  }

  /** A text without escapes, in ASCII; false at any other. */
  #readText(span: ByteSpan): boolean {
    const bytes = this.#bytes;
    let at = this.#at;
    if (bytes[at] !== quote) return false;
    at += 1;
    span.start = at;
    let hash = emptyHash;
    for (; ; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) break;
      // A line break ends here too, so that no text goes on in the next line.
      if (byte < space || byte > 0x7e || byte === backslash) return false;
      hash = hashByte(hash, byte);
    }
    span.end = at;
    span.hash = hash;
    this.#at = at + 1;
    return true;
  }

  /** The name of a member with its colon, and one space behind it. */
  #begin(name: Uint8Array): boolean {
    if (!this.#isNext(name)) return false;
    if (this.#bytes[this.#at] === space) this.#at += 1;
    return true;
  }

  /** Goes on behind the word when it stands here. */
  #isNext(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    for (let at = 0; at < expected.length; at += 1) {
      if (bytes[start + at] !== expected[at]) return false;
    }
    this.#at = start + expected.length;
    return true;
  }

  #skip(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }
}

function emptySpan(): ByteSpan {
  return { start: 0, end: 0, hash: 0 };
}

function once(compute: () => number): () => number {
  let known = notSure;
  return () => {
    if (known === notSure) known = compute();
    return known;
  };
}
