/**
 * Reads histories of Jepsen and Knossos: EDN maps with :process :type :f :value, and :time :index
 * :key :error where there are. [Jepsen]
 *
 * Entries of other processes than clients, such as :nemesis, are counted and left out. `:result`
 * and `:absent` are ours, see write-edn.ts: other tools ignore them.
 */
import type { OpType } from '../../../checker/history.ts';
import type { HistoryFile } from '../history-file.ts';
import { EdnError, EdnForms, type EdnMembers, keywordOf } from './edn-forms.ts';
import { EdnValueError, fromEdn } from './edn-value.ts';
import { EventHistory, type EventRules, type FormatEvent, KeyTexts } from './event-history.ts';
import { textOf } from './text-lines.ts';

export interface EdnRules extends EventRules {
  /**
   * Every value is [key value], as jepsen.independent writes it; undefined: a history in which
   * they all look like that is refused, for it could be either.
   */
  readonly independent: boolean | undefined;
}

/** One entry as it stands in the file. */
export interface EdnEntry {
  readonly line: number;
  readonly type: OpType;
  /** null: none of a client. */
  readonly process: number | null;
  readonly f: string;
  readonly members: EdnMembers;
}

/** Throws HistoryFileError. */
export async function readJepsenEdn(
  name: string,
  chunks: AsyncIterable<Buffer>,
  rules: EdnRules,
): Promise<HistoryFile> {
  const history = new EventHistory(name, rules);
  const reader = new JepsenEntries(history, rules.independent ?? false);
  await readEdnEntries(chunks, history, (entry) => reader.add(entry));
  if (rules.independent === undefined) reader.checkNoPairs();
  return history.finish();
}

/** Hands on one entry after the other. Throws HistoryFileError. */
export async function readEdnEntries(
  chunks: AsyncIterable<Buffer>,
  history: EventHistory,
  onEntry: (entry: EdnEntry) => void,
): Promise<void> {
  const forms = new EdnForms((members, line) => onEntry(parseEntry(members, line)));
  try {
    for await (const text of textOf(chunks, history.name)) forms.addText(text);
    forms.finish();
  } catch (error) {
    if (error instanceof EdnError) throw history.malformed(error.line, error.message);
    throw error;
  }
}

/** A value of the entry in that line. Throws EdnError. */
export function valueIn(value: unknown, line: number): unknown {
  try {
    return fromEdn(value ?? null);
  } catch (error) {
    if (error instanceof EdnValueError) throw new EdnError(line, error.message);
    throw error;
  }
}

function parseEntry(members: EdnMembers, line: number): EdnEntry {
  const type = nameOf(members.get('type'));
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info') {
    const found = type === null ? 'is missing or no keyword' : `is :${type}`;
    throw new EdnError(line, `:type must be one of :invoke, :ok, :fail, :info, but ${found}`);
  }
  const f = nameOf(members.get('f'));
  if (f === null)
    throw new EdnError(line, ':f, the name of an operation, is missing or no keyword');
  return { line, type, process: parseProcess(members.get('process'), line), f, members };
}

function parseProcess(process: unknown, line: number): number | null {
  if (keywordOf(process) !== null) return null;
  if (typeof process === 'number' && Number.isSafeInteger(process) && process >= 0) return process;
  const found = process === undefined ? 'it is missing' : `it is ${JSON.stringify(process)}`;
  throw new EdnError(line, `:process must be a whole number from 0 on or :nemesis, but ${found}`);
}

function nameOf(value: unknown): string | null {
  const name = typeof value === 'string' ? value : keywordOf(value);
  return name === '' ? null : name;
}

class JepsenEntries {
  readonly #history: EventHistory;
  readonly #isIndependent: boolean;
  readonly #keys = new KeyTexts();
  /** Whether all values of invocations so far are vectors of two. */
  #areAllPairs = true;
  #firstLine: number | null = null;

  constructor(history: EventHistory, isIndependent: boolean) {
    this.#history = history;
    this.#isIndependent = isIndependent;
  }

  add(entry: EdnEntry): void {
    const { line, type, process, f, members } = entry;
    if (process === null) {
      this.#history.skip(line);
      return;
    }
    const { key, value } = this.#split(entry);
    const result = members.has('result') ? valueIn(members.get('result'), line) : undefined;
    const time = members.get('time');
    const timeNs = typeof time === 'number' ? time : null;
    const node = members.get('node');
    const event: FormatEvent = {
      ...{ line, type, process, f, key, value, result, timeNs },
      node: typeof node === 'string' ? node : undefined,
      isAbsent: members.get('absent') === true,
    };
    this.#history.add(event);
  }

  /** Refuses a history whose values may be pairs of jepsen.independent, or not. */
  checkNoPairs(): void {
    if (this.#firstLine === null || !this.#areAllPairs) return;
    throw this.#history.malformed(
      this.#firstLine,
      'every value of this history is a pair. Say --independent when it is [key value], as ' +
        'jepsen.independent writes it, and --no-independent when it is a value',
    );
  }

  #split({ line, type, members }: EdnEntry): Pick<FormatEvent, 'key' | 'value'> {
    const raw = members.get('value');
    // Values of these say nothing: words such as :timed-out may stand there.
    const isTold = type === 'invoke' || type === 'ok';
    const isPair = Array.isArray(raw) && raw.length === 2;
    if (type === 'invoke') {
      this.#firstLine ??= line;
      this.#areAllPairs &&= isPair;
    }
    if (!this.#isIndependent) {
      const key = members.has('key') ? this.#textOf(members.get('key'), line) : undefined;
      return { key, value: isTold ? valueIn(raw, line) : null };
    }
    if (!isPair) {
      if (!isTold) return { key: undefined, value: null };
      throw new EdnError(line, ':value must be [key value], as --independent says');
    }
    return {
      key: this.#textOf(raw[0], line),
      value: isTold ? valueIn(raw[1], line) : null,
    };
  }

  #textOf(key: unknown, line: number): string {
    const text = this.#keys.textOf(valueIn(key, line));
    if (text !== null) return text;
    throw new EdnError(line, 'two different keys of this history have the same text');
  }
}
