/**
 * A key with puts and appends as a register with writes and compare-and-set.
 *
 * When exactly one operation can have made a value that somebody saw, it did. If that was an
 * append, the value before it is known too: it is a compare-and-set from what was there to what
 * came of it. And so on, back to a put or to the absent value.
 *
 * An append that made no such value is a write of something that nobody saw. For in every order
 * what it left was overwritten by a put or a delete before anybody looked: had a later append
 * made of it a value that was seen, then what it left would be one of those above. The other way
 * round, such a write stands between two chains, and there the append can stand: it makes some
 * text longer, and the next operation that matters is a put. Only where the value may be no text
 * it could not, and that is left to the search.
 */
import { absent, type KvTrouble, type KvValues, SeenValues } from './kv-values.ts';
import { type KvRows, KvWriters, kvFunction } from './kv-writers.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';

export interface KvRegister {
  readonly type: 'register';
  readonly register: RegisterColumns;
  readonly values: KvValues;
}

export type KvReduction = KvRegister | KvTrouble;

export function reduceKv(rows: KvRows): KvReduction {
  const writers = new KvWriters(rows);
  if (writers.hasEmptyPiece) return { type: 'undecided', reason: 'an append of an empty text' };
  const values = new SeenValues(rows, writers);
  const trouble = values.addAll();
  if (trouble !== null) return trouble;
  const { count, call, return: returned } = rows.columns;
  const kind = new Uint8Array(count);
  const sees = new Int32Array(count).fill(-1);
  const writes = new Int32Array(count).fill(-1);
  const unseen = values.count;
  for (let row = 0; row < count; row += 1) {
    const made = values.madeBy[row] ?? -1;
    switch (rows.kind[row]) {
      case kvFunction.get:
        kind[row] = rows.isOpen(row) ? rowKind.nothing : rowKind.read;
        sees[row] = values.seenBy[row] ?? -1;
        break;
      case kvFunction.delete:
        kind[row] = rowKind.write;
        writes[row] = absent;
        break;
      default:
        kind[row] = rowKind.write;
        writes[row] = made < 0 ? unseen : made;
        if (rows.kind[row] === kvFunction.put) break;
        if (made >= 0) {
          kind[row] = rowKind.cas;
          sees[row] = values.before[made] ?? absent;
        } else if (writers.hasOther && !rows.isOpen(row)) {
          return { type: 'undecided', reason: 'an append that nobody saw, and values not texts' };
        }
    }
  }
  return {
    type: 'register',
    register: {
      count,
      kind,
      sees,
      writes,
      call,
      return: returned,
      valueCount: unseen + 1,
      hasMiss: false,
    },
    values,
  };
}
