/**
 * Reads a history of any format that there is a reader for: chooses the format, opens the file or
 * standard input, and hands its bytes to that reader.
 *
 * A format that was not named is told by its first bytes; which one it took is noted.
 */
import { extname } from 'node:path';
import process from 'node:process';
import { type HistoryFile, HistoryFileError, readChunks, readJsonLines } from '../history-file.ts';
import type { EventRules, FailedCas, NilRead } from './event-history.ts';
import { readIntervals } from './intervals.ts';
import { readJepsenEdn } from './jepsen-edn.ts';
import { readJepsenLog } from './jepsen-log.ts';
import { readPorcupineKv } from './porcupine-kv.ts';

export type HistoryFormat = 'jsonl' | 'edn' | 'jepsen-log' | 'porcupine' | 'intervals';

export const historyFormats: readonly HistoryFormat[] = [
  'jsonl',
  'edn',
  'jepsen-log',
  'porcupine',
  'intervals',
];

export interface ReadOptions {
  /** Left out: told by the first bytes. */
  readonly format?: HistoryFormat;
  /** Left out: what the format means by it, see `defaultRules`. */
  readonly failedCas?: FailedCas;
  readonly nilRead?: NilRead;
  /** Whether values of EDN are pairs of jepsen.independent. */
  readonly independent?: boolean;
  /** Ends the reading with a ReadingInterrupted. */
  readonly signal?: AbortSignal;
}

export interface ReadHistory extends HistoryFile {
  readonly format: HistoryFormat;
}

/** What each format means unless somebody says otherwise. */
const defaultRules: Readonly<Record<'edn' | 'jepsen-log' | 'intervals', Required<EventRules>>> = {
  // As Knossos judges them.
  edn: { failedCas: 'drop', nilRead: 'any' },
  // As they were recorded: a cas that failed has found another value.
  'jepsen-log': { failedCas: 'miss', nilRead: 'value' },
  intervals: { failedCas: 'drop', nilRead: 'value' },
};

/** Somebody wants no more of it; nothing was checked yet. */
export class ReadingInterrupted extends Error {
  override readonly name = 'ReadingInterrupted';
}

/** Enough to tell a format by. */
const headBytes = 4096;

/** `-` is standard input. Throws HistoryFileError. */
export async function readHistory(path: string, options: ReadOptions = {}): Promise<ReadHistory> {
  const isInput = path === '-';
  const name = isInput ? 'standard input' : path;
  const chunks = isInput ? readInput() : readChunks(path);
  const source = new Peeked(untilAborted(chunks, options.signal));
  const format = options.format ?? detectFormat(name, await source.head());
  const history = await read(format, { name, chunks: source, options });
  const isTold = options.format !== undefined || format === 'jsonl';
  const notes = isTold ? [] : [`read as ${format}; --format names another one`];
  return { ...history, notes: [...notes, ...history.notes], format };
}

async function* untilAborted(
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    if (signal?.aborted === true)
      throw new ReadingInterrupted('the history was not read to its end');
    yield chunk;
  }
}

interface Source {
  readonly name: string;
  readonly chunks: AsyncIterable<Buffer>;
  readonly options: ReadOptions;
}

function read(format: HistoryFormat, { name, chunks, options }: Source): Promise<HistoryFile> {
  switch (format) {
    case 'jsonl':
      return readJsonLines(name, chunks);
    case 'edn': {
      const { independent } = options;
      return readJepsenEdn(name, chunks, { ...rulesOf(format, options), independent });
    }
    case 'jepsen-log':
      return readJepsenLog(name, chunks, rulesOf(format, options));
    case 'porcupine':
      return readPorcupineKv(name, chunks);
    case 'intervals':
      return readIntervals(name, chunks, rulesOf(format, options));
    default:
      return assertNever(format);
  }
}

function rulesOf(format: keyof typeof defaultRules, options: ReadOptions): EventRules {
  const { failedCas, nilRead } = defaultRules[format];
  return { failedCas: options.failedCas ?? failedCas, nilRead: options.nilRead ?? nilRead };
}

function detectFormat(name: string, head: string): HistoryFormat {
  const start = head.trimStart();
  if (extname(name) === '.jsonl' && !/^\{[^\n]*"call"\s*:/.test(start)) return 'jsonl';
  if (start === '' || /^\{[^\n]*"format"\s*:/.test(start)) return 'jsonl';
  if (/^\{[^\n]*"call"\s*:/.test(start)) return 'intervals';
  if (/^[^\n]*\bjepsen\.util\b/.test(start)) return 'jepsen-log';
  if (/^(?:;|[[({]\s*(?:[:;#{\])}]|$)|#[a-z_])/.test(start)) return detectEdn(start);
  if (/\bjepsen\.util\b/.test(head)) return 'jepsen-log';
  throw new HistoryFileError(
    'malformed',
    `${name}, line 1: it begins like none of the formats ${historyFormats.join(', ')}; name one ` +
      'with --format',
    1,
  );
}

/** Porcupine's have nothing but these five, and no other tool's have all of them and no more. */
function detectEdn(head: string): HistoryFormat {
  const first = /\{[^}]*\}/.exec(head)?.[0] ?? '';
  const names: readonly string[] =
    first.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""').match(/:[a-z]+(?=\s+\S)/g) ?? [];
  const isPorcupine =
    /:f\s+:(?:get|put|append)\b/.test(first) && names.includes(':key') && !names.includes(':index');
  return isPorcupine ? 'porcupine' : 'edn';
}

async function* readInput(): AsyncGenerator<Buffer> {
  for await (const chunk of process.stdin) {
    yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
}

/** Chunks of which the first can be looked at before they are read. */
class Peeked implements AsyncIterable<Buffer> {
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #head: Buffer[] = [];

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async head(): Promise<string> {
    for (let length = 0; length < headBytes; ) {
      const next = await this.#chunks.next();
      if (next.done === true) break;
      this.#head.push(next.value);
      length += next.value.length;
    }
    return Buffer.concat(this.#head).toString('utf8', 0, headBytes);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* this.#head;
      for (;;) {
        const next = await this.#chunks.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await this.#chunks.return?.();
    }
  }
}

function assertNever(format: never): never {
  throw new Error(`unknown format ${JSON.stringify(format)}`);
}
