/**
 * Operations as typed columns: a history of a million operations without a million objects.
 *
 * A row is an operation; rows are sorted by invocation. Names, keys, nodes and values are numbers
 * that `tables` explains. Whoever needs a record asks for one row of it.
 */
import type { Operation } from './history.ts';
import { ValueTable } from './values.ts';

/** The return of an operation that is open for ever. */
export const neverReturned = 0x7fffffff;
/** Where a column has no entry. */
export const none = -1;

/** The one function whose answers may be of the form `{ swapped, seen }`. */
export const swapFunction = 'cas';

/** What an answer said about swapping; the value it found, if told, is in `output`. */
export const swapOutcome = { untold: 0, missed: 1, swapped: 2 } as const;

export interface Tables {
  readonly functions: readonly string[];
  readonly keys: readonly string[];
  readonly nodes: readonly string[];
  readonly values: ValueTable;
}

export interface Columns {
  readonly count: number;
  /** The operation's name everywhere: the index of its invocation. May be `call` itself. */
  readonly id: Int32Array;
  /** Positions of the two events; those of one history are all different. */
  readonly call: Int32Array;
  /** `neverReturned` for what is open for ever. */
  readonly return: Int32Array;
  readonly process: Int32Array;
  /** Into `tables.functions`. */
  readonly f: Uint8Array;
  /** Into `tables.keys`, or `none`. */
  readonly key: Int32Array;
  /** Into `tables.nodes`, or `none`. */
  readonly node: Int16Array;
  /** Value id of the argument; of the first member when the argument is an array of two. */
  readonly argument: Int32Array;
  /** Value id of the second member of an array of two, else `none`. */
  readonly argument2: Int32Array;
  /** Value id of the answer, `none` when unknown; of `seen` when `outcome` is not `untold`. */
  readonly output: Int32Array;
  /** For answers of a cas of the form `{ swapped, seen }`: one of `swapOutcome`. */
  readonly outcome: Uint8Array;
  /** Nanoseconds, for sentences only; null when not recorded. */
  readonly callTimeNs: Float64Array | null;
  readonly returnTimeNs: Float64Array | null;
  readonly tables: Tables;
}

/** The record of one row. */
export function operationAt(columns: Columns, row: number): Operation {
  const { tables, callTimeNs, returnTimeNs } = columns;
  const end = columns.return[row] ?? neverReturned;
  const node = tables.nodes[columns.node[row] ?? none];
  const returnedAt = returnTimeNs?.[row] ?? Number.NaN;
  return {
    id: columns.id[row] ?? 0,
    process: columns.process[row] ?? 0,
    ...(node === undefined ? {} : { node }),
    f: tables.functions[columns.f[row] ?? 0] ?? '',
    key: tables.keys[columns.key[row] ?? none] ?? null,
    value: argumentAt(columns, row),
    output: outputAt(columns, row),
    call: columns.call[row] ?? 0,
    return: end === neverReturned ? null : end,
    ...(callTimeNs === null ? {} : { callTimeNs: callTimeNs[row] ?? 0 }),
    ...(Number.isNaN(returnedAt) ? {} : { returnTimeNs: returnedAt }),
  };
}

/** All rows as records, in order. For few of them. */
export function operationsOf(columns: Columns): Operation[] {
  return Array.from({ length: columns.count }, (_, row) => operationAt(columns, row));
}

function argumentAt({ argument, argument2, tables }: Columns, row: number): unknown {
  const first = tables.values.valueOf(argument[row] ?? 0);
  const second = argument2[row] ?? none;
  return second === none ? first : [first, tables.values.valueOf(second)];
}

function outputAt({ output, outcome, tables }: Columns, row: number): unknown {
  const id = output[row] ?? none;
  const value = id === none ? undefined : tables.values.valueOf(id);
  const told = outcome[row] ?? 0;
  if (told === swapOutcome.untold) return value;
  const swapped = told === swapOutcome.swapped;
  return id === none ? { swapped } : { swapped, seen: value };
}

/** Those rows alone, in that order, with the same tables. */
export function selectRows(columns: Columns, rows: ArrayLike<number>): Columns {
  const pick = <T extends Int32Array | Uint8Array | Int16Array | Float64Array>(
    from: T,
    to: T,
  ): T => {
    for (let at = 0; at < rows.length; at += 1) to[at] = from[rows[at] ?? 0] ?? 0;
    return to;
  };
  const count = rows.length;
  const integers = (from: Int32Array): Int32Array => pick(from, new Int32Array(count));
  const bytes = (from: Uint8Array): Uint8Array => pick(from, new Uint8Array(count));
  const times = (from: Float64Array | null): Float64Array | null =>
    from === null ? null : pick(from, new Float64Array(count));
  const call = integers(columns.call);
  return {
    count,
    id: columns.id === columns.call ? call : integers(columns.id),
    call,
    return: integers(columns.return),
    process: integers(columns.process),
    f: bytes(columns.f),
    key: integers(columns.key),
    node: pick(columns.node, new Int16Array(count)),
    argument: integers(columns.argument),
    argument2: integers(columns.argument2),
    output: integers(columns.output),
    outcome: bytes(columns.outcome),
    callTimeNs: times(columns.callTimeNs),
    returnTimeNs: times(columns.returnTimeNs),
    tables: columns.tables,
  };
}

/** Columns of records that are sorted by invocation; values go into the given table. */
export function columnsOf(
  operations: readonly Operation[],
  values: ValueTable = new ValueTable(),
): Columns {
  const functions = new NameTable();
  const keys = new NameTable();
  const nodes = new NameTable();
  const tables: Tables = {
    functions: functions.names,
    keys: keys.names,
    nodes: nodes.names,
    values,
  };
  const columns = createColumns(operations.length, tables);
  operations.forEach((operation, row) => {
    columns.id[row] = operation.id;
    columns.call[row] = operation.call;
    columns.return[row] = operation.return ?? neverReturned;
    columns.process[row] = operation.process;
    columns.f[row] = functions.idOf(operation.f);
    columns.key[row] = operation.key === null ? none : keys.idOf(operation.key);
    columns.node[row] = operation.node === undefined ? none : nodes.idOf(operation.node);
    setArgument(columns, row, operation.value);
    if (operation.return !== null) setOutput(columns, row, operation);
    if (columns.callTimeNs !== null) columns.callTimeNs[row] = operation.callTimeNs ?? 0;
    if (columns.returnTimeNs === null) return;
    columns.returnTimeNs[row] = operation.returnTimeNs ?? Number.NaN;
  });
  const isTimed = operations.every((operation) => operation.callTimeNs !== undefined);
  return isTimed ? columns : { ...columns, callTimeNs: null, returnTimeNs: null };
}

/** Empty columns of that many rows. */
export function createColumns(count: number, tables: Tables): Columns {
  return {
    count,
    id: new Int32Array(count),
    call: new Int32Array(count),
    return: new Int32Array(count).fill(neverReturned),
    process: new Int32Array(count),
    f: new Uint8Array(count),
    key: new Int32Array(count).fill(none),
    node: new Int16Array(count).fill(none),
    argument: new Int32Array(count),
    argument2: new Int32Array(count).fill(none),
    output: new Int32Array(count).fill(none),
    outcome: new Uint8Array(count),
    callTimeNs: new Float64Array(count),
    returnTimeNs: new Float64Array(count).fill(Number.NaN),
    tables,
  };
}

/** What of the columns an argument and an answer fill. */
export type ValueColumns = Pick<
  Columns,
  'argument' | 'argument2' | 'output' | 'outcome' | 'tables'
>;

export function setArgument(columns: ValueColumns, row: number, value: unknown): void {
  const { values } = columns.tables;
  const isPair = Array.isArray(value) && value.length === 2;
  columns.argument[row] = values.idOf(isPair ? value[0] : value);
  columns.argument2[row] = isPair ? values.idOf(value[1]) : none;
}

/** The answer of an operation, which is kept as `outcome` and `output` only where it is a cas. */
export function setOutput(
  columns: ValueColumns,
  row: number,
  { f, output }: Pick<Operation, 'f' | 'output'>,
): void {
  const { values } = columns.tables;
  const swap = f === swapFunction ? asSwapAnswer(output) : null;
  if (swap === null) {
    columns.outcome[row] = swapOutcome.untold;
    columns.output[row] = values.idOf(output);
    return;
  }
  columns.outcome[row] = swap.swapped ? swapOutcome.swapped : swapOutcome.missed;
  columns.output[row] = swap.seen === undefined ? none : values.idOf(swap.seen);
}

/** The answer of a compare-and-set, if it is that and nothing more; else it stays a value. */
function asSwapAnswer(
  output: unknown,
): { readonly swapped: boolean; readonly seen: unknown } | null {
  if (typeof output !== 'object' || output === null || !('swapped' in output)) return null;
  if (typeof output.swapped !== 'boolean') return null;
  const seen = 'seen' in output ? output.seen : undefined;
  const members = Object.keys(output).length;
  return members === ('seen' in output ? 2 : 1) ? { swapped: output.swapped, seen } : null;
}

/** Names as numbers, in the order in which they came. */
export class NameTable {
  readonly names: string[] = [];
  readonly #ids = new Map<string, number>();

  idOf(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.names.length;
    this.names.push(name);
    this.#ids.set(name, id);
    return id;
  }
}
