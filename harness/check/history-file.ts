/**
 * Reads history.jsonl as a stream and pairs its lines on the way; the format is version 1.
 *
 * An error names the line. A later version is refused by name. The last line of a run that
 * crashed may be torn: it is left out, and that is noted. Nothing is sorted.
 */
import { createReadStream } from 'node:fs';
import { historyFormat, historyVersion } from '../../checker/history.ts';
import { HistoryBuilder, HistoryError, type PairedHistory } from '../../checker/pairing.ts';
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
  /** Lines besides the header, those of the nemesis included. */
  readonly lines: number;
  /** What the reader should know, in sentences. */
  readonly notes: readonly string[];
}

/** Throws HistoryFileError. */
export async function readHistoryFile(path: string): Promise<HistoryFile> {
  const reader = new HistoryReader(path);
  try {
    const stream = createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 });
    for await (const chunk of stream) reader.addText(String(chunk));
  } catch (error) {
    if (error instanceof HistoryFileError) throw error;
    throw new HistoryFileError('unreadable', `cannot read ${path}: ${wordsOf(error)}`);
  }
  return reader.finish();
}

/** The line of an entry: the header is line 1 and entry 0 follows it. */
function lineOfIndex(index: number): number {
  return index + 2;
}

/** The same complaint, with the line of the file. */
export function asFileError(path: string, error: HistoryError): HistoryFileError {
  const line = lineOfIndex(error.index);
  return new HistoryFileError('malformed', `${path}, line ${line}: ${error.message}`, line);
}

/** Takes a history as it comes, in pieces. Every method throws HistoryFileError. */
export class HistoryReader {
  readonly #path: string;
  readonly #builder: HistoryBuilder = new HistoryBuilder();
  readonly #notes: string[] = [];
  #rest = '';
  #line = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** What was read so far, line by line. */
  get builder(): HistoryBuilder {
    return this.#builder;
  }

  addText(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#addLine(line);
  }

  finish(): HistoryFile {
    if (this.#rest !== '') this.#addTorn();
    if (this.#line === 0) {
      throw new HistoryFileError('malformed', `${this.#path} is empty: it has no header`, 1);
    }
    return { ...this.#builder.finish(), lines: this.#line - 1, notes: this.#notes };
  }

  /** A line without its end: whole, or cut off when the run crashed. */
  #addTorn(): void {
    const before = this.#line;
    try {
      this.#addLine(this.#rest);
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

  #addLine(text: string): void {
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
        `${this.#path} is version ${version} of ${historyFormat}; this rafture reads up to ` +
          `version ${historyVersion}. Use the newer rafture that wrote it.`,
        1,
      );
    }
    if (version !== historyVersion) {
      throw this.#malformed(`there is no version ${version} of ${historyFormat}`);
    }
  }

  #malformed(message: string): HistoryFileError {
    const text = `${this.#path}, line ${this.#line}: ${message}`;
    return new HistoryFileError('malformed', text, this.#line);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
