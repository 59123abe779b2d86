/**
 * A history on its way to worker threads: the columns in shared memory, the tables as records.
 *
 * Arrays are copied once into shared memory, however many threads read them; nobody may change
 * them afterwards.
 */
import type { Columns, Tables } from '../../checker/columns.ts';
import type { PairedHistory } from '../../checker/pairing.ts';
import { ValueTable, type ValueTableRecord } from '../../checker/values.ts';

/** Operations that were paired. */
export type CheckableHistory = Pick<PairedHistory, 'columns' | 'failed'>;

type PostedColumns = Omit<Columns, 'tables'>;

export interface PostedHistory {
  readonly columns: PostedColumns;
  readonly failed: PostedColumns;
  readonly tables: Omit<Tables, 'values'> & { readonly values: ValueTableRecord };
}

export function postHistory({ columns, failed }: CheckableHistory): PostedHistory {
  const { functions, keys, nodes, values } = columns.tables;
  const record = values.toRecord();
  const integers = new Float64Array(shareBytes(record.integers));
  return {
    columns: postColumns(columns),
    failed: postColumns(failed),
    tables: { functions, keys, nodes, values: { ...record, integers } },
  };
}

/** On the other side: the same columns, not copied. */
export function receiveHistory({ columns, failed, tables }: PostedHistory): CheckableHistory {
  const whole: Tables = { ...tables, values: ValueTable.from(tables.values) };
  return { columns: { ...columns, tables: whole }, failed: { ...failed, tables: whole } };
}

function postColumns(columns: Columns): PostedColumns {
  const { callTimeNs, returnTimeNs } = columns;
  const id = shareIntegers(columns.id);
  return {
    count: columns.count,
    id,
    call: columns.call === columns.id ? id : shareIntegers(columns.call),
    return: shareIntegers(columns.return),
    process: shareIntegers(columns.process),
    f: new Uint8Array(shareBytes(columns.f)),
    key: shareIntegers(columns.key),
    node: new Int16Array(shareBytes(columns.node)),
    argument: shareIntegers(columns.argument),
    argument2: shareIntegers(columns.argument2),
    output: shareIntegers(columns.output),
    outcome: new Uint8Array(shareBytes(columns.outcome)),
    callTimeNs: callTimeNs === null ? null : new Float64Array(shareBytes(callTimeNs)),
    returnTimeNs: returnTimeNs === null ? null : new Float64Array(shareBytes(returnTimeNs)),
  };
}

function shareIntegers(from: Int32Array): Int32Array {
  return new Int32Array(shareBytes(from));
}

function shareBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(byteLength);
  new Uint8Array(shared).set(new Uint8Array(buffer, byteOffset, byteLength));
  return shared;
}
