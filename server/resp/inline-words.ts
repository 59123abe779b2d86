/**
 * Inline commands: a line as a person types it, cut into words as Redis cuts them.
 *
 * White space parts words, quotes hold them together. Between double quotes `\n \r \t \b \a` and
 * `\xHH` stand for bytes and a backslash before anything else for that; between single quotes only
 * `\'` does. A closing quote ends its word; a NUL ends the line.
 */
import { RespProtocolError } from './resp-protocol-error.ts';

const backslash = 0x5c;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const lowerX = 0x78;

const escapes: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, b: 0x08, a: 0x07 };

/** Where the scan is, and the word so far. */
interface Scan {
  readonly line: Uint8Array;
  position: number;
  word: number[];
}

export function splitInlineWords(line: Uint8Array): readonly Uint8Array[] {
  const scan: Scan = { line, position: 0, word: [] };
  const words: Uint8Array[] = [];
  for (;;) {
    while (isSpace(line[scan.position])) scan.position += 1;
    if (isEnd(line[scan.position])) return words;
    scan.word = [];
    takeWord(scan);
    words.push(Uint8Array.from(scan.word));
  }
}

function takeWord(scan: Scan): void {
  for (;;) {
    const byte = scan.line[scan.position];
    if (byte === undefined || isEnd(byte) || partsWords(byte)) return;
    scan.position += 1;
    if (byte === doubleQuote || byte === singleQuote) {
      takeQuoted(scan, byte);
      return;
    }
    scan.word.push(byte);
  }
}

/** From behind the opening quote to behind the closing one, which must end the word. */
function takeQuoted(scan: Scan, quote: number): void {
  for (;;) {
    const byte = scan.line[scan.position];
    if (byte === undefined || isEnd(byte)) throw unbalanced();
    scan.position += 1;
    if (byte === quote) {
      const next = scan.line[scan.position];
      if (!isEnd(next) && !isSpace(next)) throw unbalanced();
      return;
    }
    if (byte !== backslash) scan.word.push(byte);
    else if (quote === doubleQuote) takeEscape(scan);
    else takeQuoteEscape(scan);
  }
}

function takeQuoteEscape(scan: Scan): void {
  if (scan.line[scan.position] !== singleQuote) {
    scan.word.push(backslash);
    return;
  }
  scan.word.push(singleQuote);
  scan.position += 1;
}

function takeEscape(scan: Scan): void {
  const byte = scan.line[scan.position];
  if (byte === undefined || isEnd(byte)) throw unbalanced();
  const digits = String.fromCharCode(...scan.line.subarray(scan.position + 1, scan.position + 3));
  if (byte === lowerX && /^[0-9a-fA-F]{2}$/.test(digits)) {
    scan.word.push(Number.parseInt(digits, 16));
    scan.position += 3;
    return;
  }
  scan.word.push(escapes[String.fromCharCode(byte)] ?? byte);
  scan.position += 1;
}

function unbalanced(): RespProtocolError {
  return new RespProtocolError('unbalanced quotes in request');
}

function isEnd(byte: number | undefined): boolean {
  return byte === undefined || byte === 0;
}

/** Narrower than what may stand between words. */
function partsWords(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}
