/**
 * Reads the simple form: a JSON object a line, and in it a whole operation with its two times.
 *
 * `{"process":1,"f":"read","key":"x","value":null,"output":3,"call":17,"return":20,"outcome":"ok"}`
 * The lines may stand in any order. Times are numbers of any unit and order the events; where
 * they are equal, calls come before returns, so that such operations count as concurrent. This is
 * the one format that is sorted.
 */
import { type HistoryFile, HistoryFileError } from '../history-file.ts';
import { checkExactNumbers, OpShapeError } from '../parse-op.ts';
import { EventHistory, type EventRules, untold } from './event-history.ts';
import { linesOf } from './text-lines.ts';

type Outcome = 'ok' | 'fail' | 'info';

/** Operations that are nothing without their answer. */
const answering: readonly string[] = ['read', 'get', 'dequeue', 'contains'];

interface Interval {
  readonly line: number;
  readonly process: number;
  readonly node: string | undefined;
  readonly f: string;
  readonly key: string | undefined;
  readonly value: unknown;
  readonly output: unknown;
  readonly call: number;
  /** null: nobody knows. */
  readonly return: number | null;
  readonly outcome: Outcome;
}

interface Endpoint {
  readonly interval: Interval;
  readonly isReturn: boolean;
  readonly time: number;
}

/** Throws HistoryFileError. */
export async function readIntervals(
  name: string,
  chunks: AsyncIterable<Buffer>,
  rules: EventRules,
): Promise<HistoryFile> {
  const intervals: Interval[] = [];
  let line = 0;
  for await (const text of linesOf(chunks, name)) {
    line += 1;
    if (text.trim() === '') continue;
    intervals.push(parseLine(name, text, line));
  }
  const entries = new IntervalEntries(new EventHistory(name, rules));
  for (const endpoint of sortEndpoints(intervals)) entries.add(endpoint);
  return entries.finish();
}

/** Endpoints in order become events, under names of processes that have one open operation. */
class IntervalEntries {
  readonly #history: EventHistory;
  /** The operation that a process began last. */
  readonly #last = new Map<number, Interval>();
  /** The names of those that do not go by their process. */
  readonly #names = new Map<Interval, string>();
  /** Those that nobody knows the end of, and that still hold the name of their process. */
  readonly #unknown = new Map<number, Interval>();

  constructor(history: EventHistory) {
    this.#history = history;
  }

  add({ interval, isReturn }: Endpoint): void {
    if (isReturn) this.#complete(interval);
    else this.#invoke(interval);
  }

  finish(): HistoryFile {
    for (const interval of this.#unknown.values()) this.#complete(interval);
    return this.#history.finish();
  }

  #invoke(interval: Interval): void {
    const { line, process, f, call, outcome } = interval;
    const before = this.#last.get(process);
    this.#last.set(process, interval);
    const end = before === undefined ? null : endOf(before);
    if (end !== null && end > call) {
      throw this.#history.malformed(
        line,
        `process ${process} calls ${f} at ${call}, before its operation of line ` +
          `${before?.line} has returned: a process has one open operation at a time`,
      );
    }
    // The call comes before the return of the same time, so it needs another name.
    if (end === call) this.#names.set(interval, `${process} in line ${line}`);
    this.#retire(process);
    if (outcome === 'info' && !this.#names.has(interval)) this.#unknown.set(process, interval);
    this.#history.add({ ...this.#common(interval), type: 'invoke', value: interval.value });
  }

  #complete(interval: Interval): void {
    const { f, outcome, output } = interval;
    const isCas = f === 'cas' && outcome === 'ok';
    // As our own answer of a cas says it, or in short; the model judges any other.
    const result = typeof output === 'boolean' ? { swapped: output } : output;
    const answer = isCas ? { value: null, result } : { value: output };
    const isTold = outcome === 'ok';
    this.#history.add({
      ...this.#common(interval),
      type: outcome,
      value: null,
      ...(isTold ? answer : {}),
    });
  }

  /** The process goes on: what it did not hear of stays open under the old name. */
  #retire(process: number): void {
    const interval = this.#unknown.get(process);
    if (interval === undefined) return;
    this.#complete(interval);
    this.#unknown.delete(process);
  }

  #common(interval: Interval) {
    const { line, process, f, key, node } = interval;
    return { ...untold, line, process: this.#names.get(interval) ?? process, f, key, node };
  }
}

/** null: nobody knows, whatever stands there. */
function endOf({ outcome, return: end }: Interval): number | null {
  return outcome === 'info' ? null : end;
}

/** By time; at the same time calls first, of calls those that return first; then as in the file. */
function sortEndpoints(intervals: readonly Interval[]): Endpoint[] {
  const endpoints = intervals.flatMap((interval): Endpoint[] => {
    const call = { interval, isReturn: false, time: interval.call };
    const end = endOf(interval);
    return end === null ? [call] : [call, { interval, isReturn: true, time: end }];
  });
  return endpoints.sort(
    (a, b) =>
      a.time - b.time ||
      Number(a.isReturn) - Number(b.isReturn) ||
      (endOf(a.interval) ?? Number.MAX_VALUE) - (endOf(b.interval) ?? Number.MAX_VALUE) ||
      a.interval.line - b.interval.line,
  );
}

function parseLine(name: string, text: string, line: number): Interval {
  try {
    return parseInterval(parseJson(text), line);
  } catch (error) {
    if (error instanceof OpShapeError) throw malformed(name, line, error.message);
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OpShapeError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseInterval(value: unknown, line: number): Interval {
  if (!isRecord(value)) throw new OpShapeError('a line must hold one JSON object');
  const { process, f, call, outcome = 'ok' } = value;
  if (typeof process !== 'number' || !Number.isSafeInteger(process) || process < 0) {
    throw wrong('process', 'a whole number from 0 on', process);
  }
  if (typeof f !== 'string' || f === '') throw wrong('f', 'the name of an operation', f);
  if (typeof call !== 'number') throw wrong('call', 'a number', call);
  if (outcome !== 'ok' && outcome !== 'fail' && outcome !== 'info') {
    throw wrong('outcome', 'one of ok, fail, info', outcome);
  }
  if (outcome === 'ok' && answering.includes(f) && value['output'] === undefined) {
    throw new OpShapeError('"output" is missing: what was answered, or null for an absent value');
  }
  checkExactNumbers('value', value['value']);
  checkExactNumbers('output', value['output']);
  return {
    ...{ line, process, f, call, outcome },
    value: value['value'] ?? null,
    output: outputOf(value),
    return: parseReturn(value, { call, outcome }),
    key: parseText('key', value['key']),
    node: parseText('node', value['node']),
  };
}

/** Where nothing is said: a compare-and-set that is ok has swapped, and others answer nothing. */
function outputOf(value: Readonly<Record<string, unknown>>): unknown {
  return 'output' in value ? value['output'] : value['f'] === 'cas' ? true : null;
}

function parseReturn(
  value: Readonly<Record<string, unknown>>,
  { call, outcome }: { readonly call: number; readonly outcome: Outcome },
): number | null {
  const end = value['return'] ?? null;
  if (outcome === 'info') return null;
  if (end === null) {
    throw new OpShapeError(`"return" is missing; an operation without one has the outcome "info"`);
  }
  if (typeof end !== 'number') throw wrong('return', 'a number', end);
  if (end < call) throw new OpShapeError(`it returns at ${end}, before its call at ${call}`);
  return end;
}

/** null is the same as nothing: many languages write it so. */
function parseText(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrong(name, 'a text', value);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(name: string, expected: string, found: unknown): OpShapeError {
  const text = found === undefined ? 'is missing' : `is ${JSON.stringify(found)}`;
  return new OpShapeError(`"${name}" must be ${expected}, but ${text}`);
}

function malformed(name: string, line: number, message: string): HistoryFileError {
  return new HistoryFileError('malformed', `${name}, line ${line}: ${message}`, line);
}
