/**
 * What else the history of a register says about a value: who wrote it, and whether anybody saw
 * it. Only the words of an explanation rest on it, never a verdict.
 */
import { type Columns, neverReturned, none, operationAt } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { FastInput } from '../model.ts';
import { registerEffect } from '../models/register-effect.ts';
import { createDecoder, type RegisterRow, rowKind } from './register-columns.ts';

/** The first operation that wrote the value which the observer saw; null for none. */
export function findWriterOf(columns: Columns | undefined, observer: Operation): Operation | null {
  if (columns === undefined) return null;
  const saw = registerEffect(observer);
  if (saw.type !== 'read' && saw.type !== 'cas') return null;
  const key = saw.type === 'read' ? saw.seen : saw.expected;
  const at = findRow(columns, { key, pick: (row) => row.writes, completedOnly: false });
  return at === none ? null : operationAt(columns, at);
}

/** Whether a completed operation saw what the mutation wrote. Not to write it counts as yes. */
export function isSeenAnywhere(input: FastInput, mutation: Operation): boolean {
  const effect = registerEffect(mutation);
  if (effect.type !== 'write' && effect.type !== 'cas') return true;
  const columns = input.context ?? input.columns;
  const sight = (row: RegisterRow): number => (row.kind === rowKind.miss ? none : row.sees);
  return findRow(columns, { key: effect.written, pick: sight, completedOnly: true }) !== none;
}

interface Wanted {
  /** Key of a value. */
  readonly key: string;
  /** The id of the value that counts of a row. */
  pick(row: RegisterRow): number;
  readonly completedOnly: boolean;
}

/** The first row for which `pick` gives the value of that key. */
function findRow(columns: Columns, { key, pick, completedOnly }: Wanted): number {
  const wanted = columns.tables.values.find(JSON.parse(key));
  if (wanted < 0) return none;
  const decode = createDecoder(columns);
  const row: RegisterRow = { kind: 0, sees: none, writes: none };
  for (let at = 0; at < columns.count; at += 1) {
    if (completedOnly && columns.return[at] === neverReturned) continue;
    decode(at, row);
    if (pick(row) === wanted) return at;
  }
  return none;
}
