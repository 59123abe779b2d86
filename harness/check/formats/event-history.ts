/**
 * Events of foreign formats on their way to a history: what those formats mean is settled here.
 *
 * A process may go on after an `info` there; here the name is retired, so it goes on under a new
 * one. What a failed compare-and-set says, and what a read of nil says, differs from tool to tool
 * and is never guessed: it is a rule that comes in.
 */
import type { Op, OpType } from '../../../checker/history.ts';
import { HistoryBuilder, HistoryError } from '../../../checker/pairing.ts';
import { valueKey } from '../../../checker/value-key.ts';
import { type HistoryFile, HistoryFileError } from '../history-file.ts';

/**
 * A compare-and-set that failed: `miss`, it found another value than the expected one; `drop`, it
 * did not happen, for whatever reason.
 */
export type FailedCas = 'miss' | 'drop';

/** A read that returned nil: `value`, there was none; `any`, it says nothing. */
export type NilRead = 'value' | 'any';

export interface EventRules {
  readonly failedCas: FailedCas;
  readonly nilRead: NilRead;
}

export interface FormatEvent {
  /** Of the file, 1-based. */
  readonly line: number;
  readonly type: OpType;
  readonly process: number | string;
  readonly f: string;
  /** undefined: told only at the invocation, or there are no keys. */
  readonly key: string | undefined;
  readonly node: string | undefined;
  readonly value: unknown;
  /** undefined: not told. */
  readonly result: unknown;
  /** null: not told. */
  readonly timeNs: number | null;
  /** A read that found nothing, where nil would say less. */
  readonly isAbsent: boolean;
}

/** What an event has besides what it must have, when it has nothing of it. */
export const untold: Omit<FormatEvent, 'line' | 'type' | 'process' | 'f' | 'value'> = {
  key: undefined,
  node: undefined,
  result: undefined,
  timeNs: null,
  isAbsent: false,
};

/** Names of processes below it stay; all others get numbers from here on. */
const newProcessMin = 1_000_000;

export class EventHistory {
  readonly name: string;
  readonly #rules: EventRules;
  readonly #builder = new HistoryBuilder();
  readonly #processes = new Map<number | string, number>();
  /** Keys of invocations that are open, by process. */
  readonly #keys = new Map<number, string | undefined>();
  /** Lines by entry. */
  #lines: Int32Array = new Int32Array(1024);
  #nextProcess = newProcessMin;
  #isTimed = true;
  #nilReads = 0;

  /** The name is for messages. */
  constructor(name: string, rules: EventRules) {
    this.name = name;
    this.#rules = rules;
  }

  /** Takes the next event. Throws HistoryFileError when it cannot be. */
  add(event: FormatEvent): void {
    const process = this.#processOf(event.process);
    const { type, result } = this.#settle(event);
    const key = this.#keyOf(event, process);
    const op: Op = {
      index: this.#builder.lines,
      timeNs: event.timeNs ?? 0,
      process,
      type,
      f: event.f,
      value: event.value,
      ...(key === undefined ? {} : { key }),
      ...(event.node === undefined ? {} : { node: event.node }),
      ...(result === undefined ? {} : { result }),
    };
    if (event.timeNs === null) this.#isTimed = false;
    this.#noteLine(event.line);
    try {
      this.#builder.add(op);
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error;
      throw this.malformed(event.line, error.message);
    }
    if (type === 'info') this.#processes.set(event.process, this.#newProcess());
  }

  /** An entry that is none of a client. */
  skip(line: number): void {
    this.#noteLine(line);
    this.#builder.skip();
  }

  malformed(line: number, message: string): HistoryFileError {
    return new HistoryFileError('malformed', `${this.name}, line ${line}: ${message}`, line);
  }

  finish(notes: readonly string[] = []): HistoryFile {
    const { columns, failed, counts } = this.#builder.finish();
    const untimed = this.#isTimed ? {} : { callTimeNs: null, returnTimeNs: null };
    const lines = this.#lines;
    return {
      columns: { ...columns, ...untimed },
      failed: { ...failed, ...untimed },
      counts,
      lines: this.#builder.lines,
      notes: [...notes, ...this.#describeNilReads()],
      lineOf: (index) => lines[index] ?? 0,
    };
  }

  #settle(event: FormatEvent): Pick<FormatEvent, 'type' | 'result'> {
    const { type, f, result } = event;
    if (f === 'cas' && type === 'ok') return { type, result: result ?? { swapped: true } };
    if (f === 'cas' && type === 'fail') {
      // Whoever tells a result knows that it was answered.
      if (result !== undefined) return { type: 'ok', result };
      const isMiss = this.#rules.failedCas === 'miss';
      return isMiss ? { type: 'ok', result: { swapped: false } } : { type, result };
    }
    const isNilRead = f === 'read' && type === 'ok' && (event.value ?? null) === null;
    if (isNilRead && result === undefined && !event.isAbsent && this.#rules.nilRead === 'any') {
      this.#nilReads += 1;
      return { type: 'fail', result };
    }
    return { type, result };
  }

  #describeNilReads(): string[] {
    if (this.#nilReads === 0) return [];
    return [
      `${this.#nilReads} reads of nil say nothing and count as failed; with --nil-read value ` +
        'they say that there was no value',
    ];
  }

  #keyOf({ type, key }: FormatEvent, process: number): string | undefined {
    if (type === 'invoke') this.#keys.set(process, key);
    return key ?? this.#keys.get(process);
  }

  #processOf(name: number | string): number {
    const known = this.#processes.get(name);
    if (known !== undefined) return known;
    const isKept = typeof name === 'number' && name < newProcessMin;
    const process = isKept ? name : this.#newProcess();
    this.#processes.set(name, process);
    return process;
  }

  #newProcess(): number {
    this.#nextProcess += 1;
    return this.#nextProcess - 1;
  }

  #noteLine(line: number): void {
    const index = this.#builder.lines;
    if (index === this.#lines.length) {
      const grown = new Int32Array(index * 2);
      grown.set(this.#lines);
      this.#lines = grown;
    }
    this.#lines[index] = line;
  }
}

/** Keys as texts; two that differ must not become one. */
export class KeyTexts {
  readonly #keys = new Map<string, string>();

  /** The text of a key; null when another key has it already. */
  textOf(value: unknown): string | null {
    const key = valueKey(value);
    const text = typeof value === 'string' ? value : key;
    const known = this.#keys.get(text);
    if (known === undefined) this.#keys.set(text, key);
    return known === undefined || known === key ? text : null;
  }
}
