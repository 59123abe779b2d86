/**
 * Pairing: the lines of a history become operations, in columns.
 *
 * Owns the rules of a well-formed history: a process has one open operation at a time, completes
 * only what it invoked, and is retired by an `info`. A history that breaks them is refused, for
 * it says nothing about the system; it never gets a verdict. [Jepsen]
 */
import {
  type Columns,
  createColumns,
  NameTable,
  none,
  selectRows,
  setArgument,
  setOutput,
  swapFunction,
  swapOutcome,
  type Tables,
  type ValueColumns,
} from './columns.ts';
import type { Op, OpType } from './history.ts';
import { ValueTable } from './values.ts';

/** The history, not the system, is at fault. `index` is the line's position, 0-based. */
export class HistoryError extends Error {
  readonly index: number;

  constructor(index: number, message: string) {
    super(message);
    this.name = 'HistoryError';
    this.index = index;
  }
}

export interface PairedHistory {
  /** Sorted by invocation. */
  readonly columns: Columns;
  /** Operations that definitely did not happen, sorted by invocation. */
  readonly failed: Columns;
  readonly counts: HistoryCounts;
}

export interface HistoryCounts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
  /** Invocations without any completion: the run was cut short. */
  readonly open: number;
}

/**
 * One line, with its names and values already as numbers of the builder's tables. A reader of
 * lines fills the same record again and again, so that no line costs an object.
 */
export interface LineEvent {
  type: OpType;
  process: number;
  /** Numbers of `functions`, `keys`, `nodes`; `none` for no key, and for an untold node. */
  f: number;
  key: number;
  node: number;
  timeNs: number;
  /** As in Columns: of an invocation the argument, of an `ok` the answer. */
  argument: number;
  argument2: number;
  output: number;
  outcome: number;
}

const tooManyFunctions = 256;
const smallProcessMax = 1 << 20;

/** Takes the lines one by one, in order; throws a HistoryError at the first impossible one. */
export class HistoryBuilder {
  readonly functions: NameTable = new NameTable();
  readonly keys: NameTable = new NameTable();
  readonly nodes: NameTable = new NameTable();
  readonly values: ValueTable = new ValueTable();
  readonly #tables: Tables = {
    functions: this.functions.names,
    keys: this.keys.names,
    nodes: this.nodes.names,
    values: this.values,
  };
  readonly #open = new ProcessMap();
  /** Processes that ended with an `info`, and that operation's row. */
  readonly #retired = new ProcessMap();
  readonly #counts = { ok: 0, fail: 0, info: 0, open: 0 };
  readonly #scratch: LineEvent = emptyEvent();
  readonly #scratchColumns: ValueColumns;
  #columns: Columns;
  /** By row: 1 for what definitely did not happen. */
  #failed: Uint8Array = new Uint8Array(1024);
  #count = 0;
  #nextIndex = 0;
  /** By key, counted from `none`: its completions. */
  #completions: Int32Array = new Int32Array(64);

  constructor() {
    this.#columns = createColumns(1024, this.#tables);
    this.#scratchColumns = createColumns(1, this.#tables);
  }

  /** Lines taken so far, those of the nemesis included. */
  get lines(): number {
    return this.#nextIndex;
  }

  /** Operations that were invoked so far: their rows are below it. */
  get rows(): number {
    return this.#count;
  }

  /** The number of a row's key in `keys`, or `none`. */
  keyOf(row: number): number {
    return this.#columns.key[row] ?? none;
  }

  /** How many operations of that key have completed; of those without a key for `none`. */
  completionsOf(key: number): number {
    return this.#completions[key + 1] ?? 0;
  }

  /** Some rows as they are by now, for whoever checks a history that grows. */
  select(rows: readonly number[]): Pick<PairedHistory, 'columns' | 'failed'> {
    return {
      columns: selectRows(
        this.#columns,
        rows.filter((row) => this.#failed[row] === 0),
      ),
      failed: selectRows(
        this.#columns,
        rows.filter((row) => this.#failed[row] === 1),
      ),
    };
  }

  /** Takes a line as a record; its index must be the next one. */
  add(op: Op): void {
    if (op.index !== this.#nextIndex) throw wrongIndex(op.index, this.#nextIndex);
    if (op.process === 'nemesis') {
      this.skip();
      return;
    }
    const event = this.#scratch;
    event.type = op.type;
    event.process = op.process;
    event.f = this.functions.idOf(op.f);
    event.key = op.key === undefined ? none : this.keys.idOf(op.key);
    event.node = op.node === undefined ? none : this.nodes.idOf(op.node);
    event.timeNs = op.timeNs;
    setArgument(this.#scratchColumns, 0, op.type === 'invoke' ? op.value : null);
    const output = op.result === undefined ? op.value : op.result;
    setOutput(this.#scratchColumns, 0, { f: op.f, output });
    event.argument = this.#scratchColumns.argument[0] ?? 0;
    event.argument2 = this.#scratchColumns.argument2[0] ?? none;
    event.output = this.#scratchColumns.output[0] ?? none;
    event.outcome = this.#scratchColumns.outcome[0] ?? 0;
    this.addEvent(event);
  }

  /** Takes the next line; `event` may be used again afterwards. */
  addEvent(event: LineEvent): void {
    if (event.type === 'invoke') this.#invoke(event);
    else this.#complete(event);
    this.#nextIndex += 1;
  }

  /** The next line is none of a client. */
  skip(): void {
    this.#nextIndex += 1;
  }

  /**
   * What was paired so far; operations without a completion are open for ever. The builder may go
   * on afterwards: the columns are copies.
   */
  finish(): PairedHistory {
    const ok = new Int32Array(this.#count - this.#counts.fail);
    const failed = new Int32Array(this.#counts.fail);
    let okCount = 0;
    let failedCount = 0;
    for (let row = 0; row < this.#count; row += 1) {
      if (this.#failed[row] === 1) {
        failed[failedCount] = row;
        failedCount += 1;
      } else {
        ok[okCount] = row;
        okCount += 1;
      }
    }
    return {
      columns: selectRows(this.#columns, ok),
      failed: selectRows(this.#columns, failed),
      counts: { ...this.#counts },
    };
  }

  #invoke(event: LineEvent): void {
    const index = this.#nextIndex;
    this.#checkMayInvoke(event, index);
    if (event.f >= tooManyFunctions) {
      throw new HistoryError(index, `more than ${tooManyFunctions} names of operations`);
    }
    const row = this.#count;
    if (row === this.#columns.count) this.#grow();
    const columns = this.#columns;
    columns.id[row] = index;
    columns.call[row] = index;
    columns.process[row] = event.process;
    columns.f[row] = event.f;
    columns.key[row] = event.key;
    columns.node[row] = event.node;
    columns.argument[row] = event.argument;
    columns.argument2[row] = event.argument2;
    if (columns.callTimeNs !== null) columns.callTimeNs[row] = event.timeNs;
    this.#open.set(event.process, row);
    this.#count += 1;
    this.#counts.open += 1;
  }

  #checkMayInvoke({ process, f }: LineEvent, index: number): void {
    const name = this.functions.names[f] ?? '';
    const open = this.#open.get(process);
    if (open !== none) {
      throw new HistoryError(
        index,
        `process ${process} invokes ${name} while its operation ${this.#idOf(open)} is still open`,
      );
    }
    const retired = this.#retired.get(process);
    if (retired === none) return;
    throw new HistoryError(
      index,
      `process ${process} invokes ${name}, but its operation ${this.#idOf(retired)} ended with ` +
        'info, which retires the process: a client that goes on takes a new process id',
    );
  }

  #complete(event: LineEvent): void {
    const index = this.#nextIndex;
    const { process } = event;
    const row = this.#open.get(process);
    if (row === none) {
      const name = this.functions.names[event.f] ?? '';
      throw new HistoryError(
        index,
        `process ${process} completes ${name} (${event.type}) but has no open operation`,
      );
    }
    const columns = this.#columns;
    if (columns.f[row] !== event.f || columns.key[row] !== event.key) {
      const open = this.#describe(columns.f[row] ?? 0, columns.key[row] ?? none);
      throw new HistoryError(
        index,
        `process ${process} completes ${this.#describe(event.f, event.key)} but its open ` +
          `operation ${this.#idOf(row)} is ${open}`,
      );
    }
    this.#open.set(process, none);
    this.#counts.open -= 1;
    this.#countCompletion(event.key + 1);
    if (event.node !== none) columns.node[row] = event.node;
    if (columns.returnTimeNs !== null) columns.returnTimeNs[row] = event.timeNs;
    if (event.type === 'ok') {
      this.#counts.ok += 1;
      columns.return[row] = index;
      columns.output[row] = event.output;
      columns.outcome[row] = event.outcome;
      if (event.outcome !== swapOutcome.untold) this.#keepAnswer(event, row);
    } else if (event.type === 'fail') {
      this.#counts.fail += 1;
      this.#failed[row] = 1;
    } else {
      this.#counts.info += 1;
      this.#retired.set(process, row);
    }
  }

  #countCompletion(at: number): void {
    if (at >= this.#completions.length) {
      const grown = new Int32Array(Math.max(at + 1, this.#completions.length * 2));
      grown.set(this.#completions);
      this.#completions = grown;
    }
    this.#completions[at] = (this.#completions[at] ?? 0) + 1;
  }

  /** What looks like the answer of a cas is just a value where it is none. */
  #keepAnswer({ f, outcome, output }: LineEvent, row: number): void {
    if (this.functions.names[f] === swapFunction) return;
    const swapped = outcome === swapOutcome.swapped;
    const answer = output === none ? { swapped } : { swapped, seen: this.values.valueOf(output) };
    this.#columns.output[row] = this.values.idOf(answer);
    this.#columns.outcome[row] = swapOutcome.untold;
  }

  #idOf(row: number): number {
    return this.#columns.id[row] ?? 0;
  }

  #describe(f: number, key: number): string {
    const name = this.functions.names[f] ?? '';
    const keyName = this.keys.names[key];
    return keyName === undefined ? name : `${name} of key ${keyName}`;
  }

  #grow(): void {
    const grown = createColumns(this.#columns.count * 2, this.#tables);
    const from = this.#columns;
    grown.id.set(from.id);
    grown.call.set(from.call);
    grown.return.set(from.return);
    grown.process.set(from.process);
    grown.f.set(from.f);
    grown.key.set(from.key);
    grown.node.set(from.node);
    grown.argument.set(from.argument);
    grown.argument2.set(from.argument2);
    grown.output.set(from.output);
    grown.outcome.set(from.outcome);
    if (from.callTimeNs !== null) grown.callTimeNs?.set(from.callTimeNs);
    if (from.returnTimeNs !== null) grown.returnTimeNs?.set(from.returnTimeNs);
    this.#columns = grown;
    const failed = new Uint8Array(grown.count);
    failed.set(this.#failed);
    this.#failed = failed;
  }
}

/** Pairs a whole history that is in memory. */
export function pairHistory(ops: Iterable<Op>): PairedHistory {
  const builder = new HistoryBuilder();
  for (const op of ops) builder.add(op);
  return builder.finish();
}

/** A record for a reader of lines to fill. */
export function emptyEvent(): LineEvent {
  return {
    type: 'invoke',
    process: 0,
    f: 0,
    key: none,
    node: none,
    timeNs: 0,
    argument: 0,
    argument2: none,
    output: none,
    outcome: 0,
  };
}

/** The complaint about a line whose index is not the next one. */
function wrongIndex(found: number, expected: number): HistoryError {
  return new HistoryError(
    expected,
    `index ${found} where ${expected} should stand: lines are missing or not in order`,
  );
}

/** Rows by process id: a typed array for small ids, which is what they are in nearly all cases. */
class ProcessMap {
  #small: Int32Array = new Int32Array(64).fill(none);
  readonly #large = new Map<number, number>();

  get(process: number): number {
    if (process < this.#small.length) return this.#small[process] ?? none;
    return this.#large.get(process) ?? none;
  }

  set(process: number, row: number): void {
    if (process >= this.#small.length && process < smallProcessMax) this.#growTo(process);
    if (process < this.#small.length) this.#small[process] = row;
    else this.#large.set(process, row);
  }

  #growTo(process: number): void {
    let length = this.#small.length;
    while (length <= process) length *= 2;
    const grown = new Int32Array(length).fill(none);
    grown.set(this.#small);
    this.#small = grown;
  }
}
