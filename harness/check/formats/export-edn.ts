/**
 * A history.jsonl as EDN, line by line: the nemesis, times and errors are kept, which a history in
 * columns does not have.
 */
import type { Columns } from '../../../checker/columns.ts';
import { HistoryFileError, readChunks, readHistoryFile } from '../history-file.ts';
import { parseOp } from '../parse-op.ts';
import { linesOf } from './text-lines.ts';
import { EdnWriter } from './write-edn.ts';

export interface ExportRequest {
  readonly path: string;
  /** Only this key; undefined: all. */
  readonly key: string | undefined;
  /** What stands where a value is absent; null is nil. */
  readonly absent: unknown;
}

export interface Exported {
  /** What the reader should know, in sentences. */
  readonly notes: readonly string[];
  readonly text: AsyncIterable<string>;
}

/** There is nothing to export under that name. */
export class NoSuchKeyError extends Error {
  override readonly name = 'NoSuchKeyError';
}

/** Reads the whole history first, so that none that breaks the rules is written. */
export async function exportEdn(request: ExportRequest): Promise<Exported> {
  const { path, key, absent } = request;
  const { columns, failed, lines, notes } = await readHistoryFile(path);
  const { keys } = columns.tables;
  if (key !== undefined && !keys.includes(key)) {
    throw new NoSuchKeyError(`there is no key ${key} in ${path}; ${describeKeys(keys)}`);
  }
  const isMixed = hasNoKey(columns) || hasNoKey(failed);
  const independent = key === undefined && keys.length + (isMixed ? 1 : 0) > 1;
  const writer = new EdnWriter({ independent, absent });
  const more = independent
    ? [
        'every value is a pair [key value], as jepsen.independent has it; Knossos checks one ' +
          'object, which --key chooses',
      ]
    : [];
  return { notes: [...notes, ...more], text: writeLines(writer, { path, key, lines }) };
}

async function* writeLines(
  writer: EdnWriter,
  { path, key, lines }: Pick<ExportRequest, 'path' | 'key'> & { readonly lines: number },
): AsyncGenerator<string> {
  let text = writer.describe();
  let line = 0;
  for await (const entry of linesOf(readChunks(path), path)) {
    line += 1;
    if (line === 1) continue;
    // What is torn has been left out before.
    if (line > lines + 1) break;
    text += writeLine(writer, entry, key);
    if (text.length < 1 << 16) continue;
    yield text;
    text = '';
  }
  if (line < lines + 1) throw new HistoryFileError('unreadable', `${path} has become shorter`);
  yield text;
}

function writeLine(writer: EdnWriter, entry: string, key: string | undefined): string {
  const op = parseOp(JSON.parse(entry));
  const isWanted = key === undefined || op.process === 'nemesis' || op.key === key;
  return isWanted ? writer.line(op) : '';
}

function hasNoKey({ count, key }: Columns): boolean {
  return key.subarray(0, count).some((id) => id < 0);
}

function describeKeys(keys: readonly string[]): string {
  if (keys.length === 0) return 'its operations have no key';
  const some = keys.slice(0, 10).join(', ');
  return `it has ${some}${keys.length > 10 ? ', …' : ''}`;
}
