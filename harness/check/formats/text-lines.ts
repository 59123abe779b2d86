/** Text out of bytes that were cut anywhere, and lines out of text. */
import { isUtf8 } from 'node:buffer';
import { HistoryFileError } from '../history-file.ts';

const lineBreak = 0x0a;

/**
 * Text that ends where a line does. Throws HistoryFileError where the bytes are no UTF-8:
 * different ones would become one text. `name` stands in the message.
 */
export async function* textOf(chunks: AsyncIterable<Buffer>, name: string): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let line = 1;
  const decode = (bytes: Buffer): string => {
    if (!isUtf8(bytes)) throw notUtf8(bytes, line, name);
    const text = bytes.toString('utf8');
    line += text.split('\n').length - 1;
    return text;
  };
  for await (const chunk of chunks) {
    // No part of a longer character looks like a line break.
    const end = chunk.lastIndexOf(lineBreak) + 1;
    if (end > 0) {
      yield decode(Buffer.concat([...rest, chunk.subarray(0, end)]));
      rest = [];
    }
    if (end < chunk.length) rest.push(chunk.subarray(end));
  }
  if (rest.length > 0) yield decode(Buffer.concat(rest));
}

function notUtf8(bytes: Buffer, firstLine: number, name: string): HistoryFileError {
  let line = firstLine;
  let start = 0;
  for (;;) {
    const at = bytes.indexOf(lineBreak, start);
    const end = at < 0 ? bytes.length : at;
    if (at < 0 || !isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    line += 1;
  }
  return new HistoryFileError('malformed', `${name}, line ${line}: not UTF-8`, line);
}

/** Lines without their ends; a last one need not have an end. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  name: string,
): AsyncGenerator<string> {
  let rest = '';
  for await (const text of textOf(chunks, name)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield withoutReturn(line);
  }
  if (rest !== '') yield withoutReturn(rest);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
