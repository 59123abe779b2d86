/**
 * What a simulated node logged: lines of JSON, stamped with virtual time.
 *
 * A line is made when the event happens, since what it tells of may change later. It takes part in
 * the trace, so that two runs with equal traces have equal logs.
 */
import type { LogLevel } from '../../server/host.ts';
import type { Trace } from './trace.ts';
import type { VirtualTime } from './virtual-time.ts';

const ranks: Readonly<Record<LogLevel, number>> = {
  debug: 0,
  info: 1,
  warn: 2,
  error: 3,
  fatal: 4,
};

export interface LogSurroundings {
  readonly time: VirtualTime;
  readonly trace: Trace;
  /** Less severe events are not kept. */
  readonly level: LogLevel;
  readonly onLine?: (line: string) => void;
}

export class NodeLog {
  readonly #node: string;
  readonly #surroundings: LogSurroundings;
  readonly #lines: string[] = [];

  constructor(node: string, surroundings: LogSurroundings) {
    this.#node = node;
    this.#surroundings = surroundings;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  event(level: LogLevel, name: string, fields?: Readonly<Record<string, unknown>>): void {
    const { time, trace } = this.#surroundings;
    if (ranks[level] < ranks[this.#surroundings.level]) return;
    const head = { timeMs: time.nowUs / 1000, level, node: this.#node, event: name };
    const line = JSON.stringify({ ...head, ...fields }, plainValue);
    this.#lines.push(line);
    trace.text(line);
    this.#surroundings.onLine?.(line);
  }
}

/** No stack: it names places of this machine, which would make two machines differ. */
function plainValue(_name: string, value: unknown): unknown {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'bigint') return String(value);
  return value;
}
