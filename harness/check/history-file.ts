/**
 * Reads history.jsonl chunk by chunk and pairs its lines on the way; the format is version 1.
 *
 * An error names the line. A later version is refused by name. The last line of a run that
 * crashed may be torn: it is left out, and that is noted. Nothing is sorted. Lines of the usual
 * shape go from their bytes into columns; every other one through JSON.parse.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { historyFormat, historyVersion } from '../../checker/history.ts';
import { HistoryBuilder, HistoryError, type PairedHistory } from '../../checker/pairing.ts';
import { LineScanner } from './json-lines.ts';
import { OpShapeError, parseOp } from './parse-op.ts';

export type HistoryFileErrorCode = 'unreadable' | 'malformed' | 'later-version';

/** A history that cannot be checked, and why. It says nothing about the system. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError';
  readonly code: HistoryFileErrorCode;
  /** 1-based; null when no line is at fault. */
  readonly line: number | null;

  constructor(code: HistoryFileErrorCode, message: string, line: number | null = null) {
    super(message);
    this.code = code;
    this.line = line;
  }
}

export interface HistoryFile extends PairedHistory {
  /** Entries, those of the nemesis included. */
  readonly lines: number;
  /** What the reader should know, in sentences. */
  readonly notes: readonly string[];
  /** The line of an entry; by default the one of history.jsonl. */
  lineOf?(index: number): number;
}

const chunkBytes = 1 << 18;
const lineBreak = 0x0a;

/** Reads a history.jsonl. Throws HistoryFileError. */
export async function readHistoryFile(path: string): Promise<HistoryFile> {
  return readJsonLines(path, readChunks(path));
}

/** The same of bytes from anywhere; `name` stands in the messages. */
export async function readJsonLines(
  name: string,
  chunks: AsyncIterable<Buffer>,
): Promise<HistoryFile> {
  const reader = new JsonLinesReader(name);
  for await (const chunk of chunks) reader.addBytes(chunk);
  return reader.finish();
}

/** The bytes of a file. Throws HistoryFileError when it cannot be read. */
export async function* readChunks(path: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: chunkBytes });
  const chunks: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: unknown): never => {
        throw new HistoryFileError('unreadable', `cannot read ${path}: ${wordsOf(error)}`);
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    stream.destroy();
  }
}

/** The same complaint, with the line of the file. */
export function asFileError(
  path: string,
  error: HistoryError,
  history: Pick<HistoryFile, 'lineOf'> = {},
): HistoryFileError {
  // The header of a history.jsonl is line 1, and entry 0 follows it.
  const line = history.lineOf?.(error.index) ?? error.index + 2;
  return new HistoryFileError('malformed', `${path}, line ${line}: ${error.message}`, line);
}

/** Takes a history.jsonl in chunks, cut anywhere; what it has taken can be looked at any time. */
export class JsonLinesReader {
  readonly #name: string;
  readonly #builder: HistoryBuilder = new HistoryBuilder();
  readonly #scanner = new LineScanner(this.#builder);
  readonly #notes: string[] = [];
  /** The beginning of a line whose end has not come yet. */
  #rest: Buffer[] = [];
  #line = 0;

  /** The name is for messages. */
  constructor(name: string) {
    this.#name = name;
  }

  /** What was paired so far, for whoever checks it while it grows. */
  get builder(): HistoryBuilder {
    return this.#builder;
  }

  /** Complete lines so far, the header included. */
  get lines(): number {
    return this.#line;
  }

  /** Throws HistoryFileError at the first line that is wrong. */
  addBytes(chunk: Buffer): void {
    const lastBreak = chunk.lastIndexOf(lineBreak);
    if (lastBreak === -1) {
      if (chunk.length > 0) this.#rest.push(chunk);
      return;
    }
    let start = 0;
    if (this.#rest.length > 0) {
      start = chunk.indexOf(lineBreak) + 1;
      const line = Buffer.concat([...this.#rest, chunk.subarray(0, start)]);
      this.#rest = [];
      this.#takeLine(line, 0);
    }
    while (start <= lastBreak) start = this.#takeLine(chunk, start);
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  /** What the complete lines so far say. */
  pairSoFar(): PairedHistory {
    return this.#builder.finish();
  }

  /** No more bytes come. */
  finish(): HistoryFile {
    if (this.#rest.length > 0) this.#addTorn(Buffer.concat(this.#rest).toString('utf8'));
    this.#rest = [];
    if (this.#line === 0) {
      throw new HistoryFileError('malformed', `${this.#name} is empty: it has no header`, 1);
    }
    return { ...this.#builder.finish(), lines: this.#line - 1, notes: this.#notes };
  }

  /** A whole line, which ends at a line break; the start of the next one. */
  #takeLine(bytes: Buffer, start: number): number {
    if (this.#line > 0 && this.#scan(bytes, start)) return this.#scanner.lineEnd + 1;
    const end = bytes.indexOf(lineBreak, start);
    this.#addText(this.#decode(bytes.subarray(start, end)));
    return end + 1;
  }

  /** Different bytes that are no UTF-8 would become the same text. */
  #decode(bytes: Buffer): string {
    if (isUtf8(bytes)) return bytes.toString('utf8');
    this.#line += 1;
    throw this.#malformed('not UTF-8');
  }

  /** False when it must be read the other way. */
  #scan(bytes: Buffer, start: number): boolean {
    try {
      if (!this.#scanner.take(bytes, start)) return false;
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error;
      this.#line += 1;
      throw this.#malformed(error.message);
    }
    this.#line += 1;
    return true;
  }

  /** A line without its end: whole, or cut off when the run crashed. */
  #addTorn(text: string): void {
    const before = this.#line;
    try {
      this.#addText(text);
    } catch (error) {
      const isHeader = before === 0;
      if (isHeader || !(error instanceof HistoryFileError) || error.code !== 'malformed')
        throw error;
      this.#line = before;
      this.#notes.push(
        `line ${before + 1} is cut off, as a crash leaves it; it was left out, and what it would ` +
          'have completed counts as unknown',
      );
    }
  }

  #addText(text: string): void {
    this.#line += 1;
    const value = this.#parseJson(text);
    if (this.#line === 1) {
      this.#checkHeader(value);
      return;
    }
    try {
      this.#builder.add(parseOp(value));
    } catch (error) {
      if (error instanceof OpShapeError || error instanceof HistoryError) {
        throw this.#malformed(error.message);
      }
      throw error;
    }
  }

  #parseJson(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (text.trim() === '') throw this.#malformed('an empty line');
      throw this.#malformed(`not JSON: ${wordsOf(error)}`);
    }
  }

  #checkHeader(value: unknown): void {
    const header = typeof value === 'object' && value !== null ? value : {};
    const format = 'format' in header ? header.format : undefined;
    const version = 'version' in header ? header.version : undefined;
    if (format !== historyFormat || typeof version !== 'number') {
      throw this.#malformed(
        `the first line must be {"format":"${historyFormat}","version":${historyVersion}}`,
      );
    }
    if (version > historyVersion) {
      throw new HistoryFileError(
        'later-version',
        `${this.#name} is version ${version} of ${historyFormat}; this rafture reads up to ` +
          `version ${historyVersion}. Use the newer rafture that wrote it.`,
        1,
      );
    }
    if (version !== historyVersion) {
      throw this.#malformed(`there is no version ${version} of ${historyFormat}`);
    }
  }

  #malformed(message: string): HistoryFileError {
    const text = `${this.#name}, line ${this.#line}: ${message}`;
    return new HistoryFileError('malformed', text, this.#line);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
