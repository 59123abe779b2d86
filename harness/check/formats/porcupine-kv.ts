/**
 * Reads the key-value histories of Porcupine: EDN maps with :process :type :f :key :value, and get,
 * put and append of texts.
 *
 * A key that is missing has the empty text there. Here it is absent, so the two are made one.
 */
import type { HistoryFile } from '../history-file.ts';
import { EdnError } from './edn-forms.ts';
import { EventHistory, KeyTexts, untold } from './event-history.ts';
import { type EdnEntry, readEdnEntries, valueIn } from './jepsen-edn.ts';

const functions: readonly string[] = ['get', 'put', 'append'];

/** For the model kv. Throws HistoryFileError. */
export async function readPorcupineKv(
  name: string,
  chunks: AsyncIterable<Buffer>,
): Promise<HistoryFile> {
  const history = new EventHistory(name, { failedCas: 'drop', nilRead: 'value' });
  const keys = new KeyTexts();
  await readEdnEntries(chunks, history, (entry) => addEntry(history, entry, keys));
  return history.finish();
}

function addEntry(history: EventHistory, entry: EdnEntry, keys: KeyTexts): void {
  const { line, process, f, members } = entry;
  if (process === null) {
    history.skip(line);
    return;
  }
  if (!functions.includes(f)) {
    throw new EdnError(line, `:f must be one of ${functions.join(', ')}, but is ${f}`);
  }
  if (!members.has('key')) throw new EdnError(line, ':key is missing');
  const key = keys.textOf(valueIn(members.get('key'), line));
  if (key === null) throw new EdnError(line, 'two different keys have the same text');
  const { type, value } = settle(entry);
  history.add({ ...untold, line, type, process, f, key, value });
}

function settle({ line, type, f, members }: EdnEntry): {
  readonly type: EdnEntry['type'];
  readonly value: unknown;
} {
  if (type === 'fail' || type === 'info') return { type, value: null };
  const value = valueIn(members.get('value'), line);
  const isAnswer = type === 'ok';
  if (f === 'get') return { type, value: isAnswer ? asText(value, line) || null : null };
  if (f === 'put') return { type, value: asText(value, line) || null };
  const piece = asText(value, line);
  // To append nothing changes nothing there, while here it would make the key present.
  return { type: isAnswer && piece === '' ? 'fail' : type, value: piece };
}

/** nil stands for nothing where it stands. */
function asText(value: unknown, line: number): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  throw new EdnError(line, `:value must be a text, but is ${JSON.stringify(value)}`);
}
