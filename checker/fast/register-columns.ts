/**
 * The operations of one register as typed columns: the input of the near-linear algorithm.
 *
 * Values become small integers, 0 the initial one; a row is a row of the history's columns.
 */
import { type Columns, neverReturned, none, swapOutcome } from '../columns.ts';
import { casResult } from '../models/register-effect.ts';

export const rowKind = {
  /** Tells nothing: an open read. */
  nothing: 0,
  write: 1,
  read: 2,
  /** A cas that swapped; or an open one, which swaps where it can. */
  cas: 3,
  contradiction: 4,
  /** A cas that did not swap and did not tell what it found: the value was not `sees`. */
  miss: 5,
} as const;

export interface RegisterColumns {
  readonly count: number;
  readonly kind: Uint8Array;
  /** The value that a read saw, or that a cas or a miss expected; -1 for a write. */
  readonly sees: Int32Array;
  /** The value that a write or a cas wrote; -1 for a read and a miss. */
  readonly writes: Int32Array;
  readonly call: Int32Array;
  readonly return: Int32Array;
  readonly valueCount: number;
  /** Whether a cas missed without saying what it found. */
  readonly hasMiss: boolean;
}

/** What a row does, with the ids of the history's own values. Filled again and again. */
export interface RegisterRow {
  kind: number;
  sees: number;
  writes: number;
}

/** `init` is the id of the initial value. */
export function createRegisterColumns(columns: Columns, init: number): RegisterColumns {
  const { count } = columns;
  const kind = new Uint8Array(count);
  const sees = new Int32Array(count);
  const writes = new Int32Array(count);
  const local = new LocalIds(columns.tables.values.size, count);
  local.idOf(init);
  const decode = createDecoder(columns);
  const row: RegisterRow = { kind: 0, sees: none, writes: none };
  let hasMiss = false;
  for (let at = 0; at < count; at += 1) {
    decode(at, row);
    kind[at] = row.kind;
    sees[at] = row.sees < 0 ? none : local.idOf(row.sees);
    writes[at] = row.writes < 0 ? none : local.idOf(row.writes);
    if (row.kind === rowKind.miss) hasMiss = true;
  }
  return {
    count,
    kind,
    sees,
    writes,
    call: columns.call,
    return: columns.return,
    valueCount: local.size,
    hasMiss,
  };
}

/** Reads rows whose shape was found to be right. */
export function createDecoder(columns: Columns): (at: number, row: RegisterRow) => void {
  const { f, argument, argument2, output, outcome, tables } = columns;
  const names = tables.functions;
  const reads = names.indexOf('read');
  const writes = names.indexOf('write');
  return (at, row) => {
    const open = columns.return[at] === neverReturned;
    row.sees = none;
    row.writes = none;
    if (f[at] === reads) {
      row.kind = open ? rowKind.nothing : rowKind.read;
      if (!open) row.sees = output[at] ?? none;
    } else if (f[at] === writes) {
      row.kind = rowKind.write;
      const second = argument2[at] ?? none;
      row.writes = second < 0 ? (argument[at] ?? 0) : tables.values.idOf(pairAt(columns, at));
    } else {
      const told = outcome[at] ?? 0;
      const answer =
        open || told !== swapOutcome.untold
          ? { told: open ? swapOutcome.swapped : told, seen: open ? none : (output[at] ?? none) }
          : decodeAnswer(columns, at);
      decodeCas(row, { expected: argument[at] ?? 0, written: argument2[at] ?? 0, ...answer });
    }
  };
}

interface CasAnswer {
  readonly told: number;
  /** What it found, or none. */
  readonly seen: number;
}

interface CasRow extends CasAnswer {
  readonly expected: number;
  readonly written: number;
}

/** An answer with members besides `swapped` and `seen`, which is kept as one value. */
function decodeAnswer({ output, tables }: Columns, at: number): CasAnswer {
  const answer = casResult(tables.values.valueOf(output[at] ?? 0));
  const told = answer?.swapped === true ? swapOutcome.swapped : swapOutcome.missed;
  return { told, seen: answer?.seen === undefined ? none : tables.values.idOf(answer.seen) };
}

function decodeCas(row: RegisterRow, { expected, written, told, seen }: CasRow): void {
  const isTold = seen >= 0;
  if (told === swapOutcome.swapped) {
    row.kind = isTold && seen !== expected ? rowKind.contradiction : rowKind.cas;
    if (row.kind === rowKind.contradiction) return;
    row.sees = expected;
    row.writes = written;
  } else if (!isTold) {
    row.kind = rowKind.miss;
    row.sees = expected;
  } else {
    row.kind = seen === expected ? rowKind.contradiction : rowKind.read;
    if (row.kind === rowKind.read) row.sees = seen;
  }
}

function pairAt({ argument, argument2, tables }: Columns, at: number): readonly unknown[] {
  const { values } = tables;
  return [values.valueOf(argument[at] ?? 0), values.valueOf(argument2[at] ?? 0)];
}

/** Ids of a whole history as ids of a part of it: dense, in the order in which they come. */
export class LocalIds {
  /** By id, plus one; used where most ids occur. */
  readonly #dense: Int32Array | null;
  readonly #sparse: Map<number, number> | null;
  #size = 0;

  constructor(idsMax: number, rows: number) {
    const isDense = rows * 8 >= idsMax;
    this.#dense = isDense ? new Int32Array(idsMax) : null;
    this.#sparse = isDense ? null : new Map();
  }

  get size(): number {
    return this.#size;
  }

  idOf(id: number): number {
    const known =
      this.#dense !== null && id < this.#dense.length
        ? (this.#dense[id] ?? 0) - 1
        : (this.#sparse?.get(id) ?? -1);
    if (known >= 0) return known;
    const local = this.#size;
    this.#size += 1;
    if (this.#dense !== null && id < this.#dense.length) this.#dense[id] = local + 1;
    else this.#sparse?.set(id, local);
    return local;
  }
}
