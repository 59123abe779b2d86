/**
 * A lock with fencing tokens and its store, decided exactly: O(n log n).
 *
 * Grants must come in the order of their tokens, accepted writes too, and neither knows of the
 * other. So each side is a list of ranks: a rank must not begin after a greater one has ended.
 * Both lists together have an order because each has one. [HW90]
 */
import { type Columns, operationAt } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, FastResult, Finding } from '../model.ts';
import { rowsSortedBy } from '../packed-sort.ts';
import { createFencedRows, type FencedRows, fencedKind } from './fenced-rows.ts';

export function decideFencedLock({ columns }: FastInput): FastResult {
  const rows = createFencedRows(columns);
  const grants = sortedByToken(rows, fencedKind.grant);
  const accepted = sortedByToken(rows, fencedKind.accepted);
  const invalid = (finding: Finding): FastResult => ({ type: 'invalid', finding });

  for (let at = 1; at < grants.length; at += 1) {
    const [one, other] = [grants[at - 1] ?? 0, grants[at] ?? 0];
    if (rows.token[one] === rows.token[other]) return invalid(describeReuse(columns, one, other));
  }
  const keys = new Float64Array(columns.count);
  const regression = placeRanks({ columns, rows, keys }, grants);
  if (regression !== null) return invalid(describeRegression(columns, regression));
  const stale = placeRanks({ columns, rows, keys }, accepted);
  if (stale !== null) return invalid(describeStaleWrite(columns, stale));
  return { type: 'valid', order: emitOrder(columns, { rows, keys, grants, accepted }) };
}

function sortedByToken({ kind, token }: FencedRows, wanted: number): Uint32Array {
  let count = 0;
  for (const one of kind) if (one === wanted) count += 1;
  const rows = new Uint32Array(count);
  const tokens = new Float64Array(count);
  let at = 0;
  for (let row = 0; row < kind.length; row += 1) {
    if (kind[row] !== wanted) continue;
    rows[at] = row;
    tokens[at] = token[row] ?? 0;
    at += 1;
  }
  return rowsSortedBy(tokens).map((position) => rows[position] ?? 0);
}

/** `later` has the greater token, yet returned before `earlier` was invoked. */
interface Inversion {
  readonly earlier: number;
  readonly later: number;
}

interface Placement {
  readonly columns: Columns;
  readonly rows: FencedRows;
  /** By row: where its linearization point may be, filled in. */
  readonly keys: Float64Array;
}

/**
 * Puts each row at the latest invocation among the tokens up to its own, which is the earliest
 * place that its rank allows. All of a rank is tested before any of it counts.
 */
function placeRanks(placement: Placement, sorted: Uint32Array): Inversion | null {
  const { columns, rows, keys } = placement;
  let latest = -1;
  let latestRow = -1;
  for (let start = 0, end = 0; start < sorted.length; start = end) {
    const token = rows.token[sorted[start] ?? 0];
    const before = latest;
    const beforeRow = latestRow;
    for (end = start; end < sorted.length && rows.token[sorted[end] ?? 0] === token; end += 1) {
      const row = sorted[end] ?? 0;
      const call = columns.call[row] ?? 0;
      if ((columns.return[row] ?? 0) < before) return { earlier: beforeRow, later: row };
      keys[row] = Math.max(before, call);
      if (call <= latest) continue;
      latest = call;
      latestRow = row;
    }
  }
  return null;
}

interface Placed {
  readonly rows: FencedRows;
  readonly keys: Float64Array;
  readonly grants: Uint32Array;
  readonly accepted: Uint32Array;
}

/**
 * All rows by their keys. What asserts nothing goes to its own invocation; an open write is left
 * out. A key lies between invocation and return, so the order keeps real time. Equal keys occur
 * within one of the two lists only, and there the token decides.
 */
function emitOrder(columns: Columns, { rows, keys, grants, accepted }: Placed): Uint32Array {
  const listed = new Uint32Array(columns.count);
  let size = 0;
  for (const row of grants) listed[size++] = row;
  for (const row of accepted) listed[size++] = row;
  for (let row = 0; row < columns.count; row += 1) {
    if (rows.kind[row] !== fencedKind.nothing) continue;
    keys[row] = columns.call[row] ?? 0;
    listed[size++] = row;
  }
  const sortKeys = new Float64Array(size);
  for (let at = 0; at < size; at += 1) sortKeys[at] = keys[listed[at] ?? 0] ?? 0;
  return rowsSortedBy(sortKeys).map((at) => listed[at] ?? 0);
}

function coreOf(columns: Columns, one: number, other: number): [Operation, Operation] {
  const rows: [number, number] = one < other ? [one, other] : [other, one];
  return [operationAt(columns, rows[0]), operationAt(columns, rows[1])];
}

function describeReuse(columns: Columns, one: number, other: number): Finding {
  const core = coreOf(columns, one, other);
  const [first, second] = core;
  return {
    kind: 'token-reuse',
    sentence:
      `${describeOperation(first)} and ${describeOperation(second)} were both granted the ` +
      `token ${String(first.output)}: the store cannot tell the two holders apart.`,
    core,
  };
}

function describeRegression(columns: Columns, { earlier, later }: Inversion): Finding {
  const [greater, smaller] = coreOf(columns, later, earlier);
  return {
    kind: 'token-regression',
    sentence:
      `${describeOperation(smaller)} was granted the token ${String(smaller.output)}, although ` +
      `${describeOperation(greater)} had got the greater ${String(greater.output)} and completed ` +
      `${describeDistance(greater, smaller)} before that acquire began.`,
    core: [greater, smaller],
  };
}

function describeStaleWrite(columns: Columns, { earlier, later }: Inversion): Finding {
  const [newer, older] = coreOf(columns, later, earlier);
  return {
    kind: 'stale-write-accepted',
    sentence:
      `The store accepted ${describeOperation(older)} with the token ${tokenOf(older)}, although ` +
      `it had accepted ${describeOperation(newer)} with the newer ${tokenOf(newer)}, which ` +
      `completed ${describeDistance(newer, older)} before that write began.`,
    core: [newer, older],
  };
}

function tokenOf({ value }: Operation): string {
  return String(Array.isArray(value) ? value[0] : value);
}
