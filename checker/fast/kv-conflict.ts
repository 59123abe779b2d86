/**
 * Why the history of a key has no order, in words and in the few operations that prove it.
 *
 * The core is closed: a value that is seen in it comes with all that made it, piece by piece,
 * and an append whose place is certain only because of what somebody saw comes with that one.
 */
import { neverReturned, operationAt } from '../columns.ts';
import { describeDistance, describeMutation, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import { valueKey } from '../value-key.ts';
import { absent, type KvTrouble, type KvValues } from './kv-values.ts';
import { type KvRows, kvFunction } from './kv-writers.ts';
import type { Chains } from './register-chains.ts';
import type { RegisterColumns } from './register-columns.ts';
import type { Observations, RegisterConflict } from './register-observations.ts';

export interface KvConflict {
  readonly input: FastInput;
  readonly rows: KvRows;
  readonly register: RegisterColumns;
  readonly values: KvValues;
  readonly observations: Observations;
  readonly chains: Chains | null;
  readonly conflict: RegisterConflict;
}

export function describeKvConflict(context: KvConflict): Finding {
  const { conflict } = context;
  switch (conflict.type) {
    case 'unwritten':
      return describeUnwritten(context, conflict.row);
    case 'double-cas':
      return describeDouble(context, conflict.first, conflict.second);
    case 'order':
      return describeOrder(context, conflict.before, conflict.after);
    case 'zones':
      return describeZones(context, conflict.outer, conflict.inner);
    default:
      // A text only grows by appends, so they make no ring, and no row contradicts itself.
      throw new Error(`a key cannot have a conflict of type ${conflict.type}`);
  }
}

type Twice = KvTrouble & { readonly type: 'twice' };

/** One operation that would have had to happen twice. */
export function describeTwice(input: FastInput, { row, values, ids }: Twice): Finding {
  const core = new Set<number>();
  for (const id of ids) addMakers(values, id, core);
  const [one, other] = ids;
  const writer = describeMutation(operationAt(input.columns, row));
  const witness = (id: number): string =>
    describeOperation(operationAt(input.columns, values.witness[id] ?? 0));
  return {
    kind: 'duplicate-element',
    sentence:
      `${writer} would have had to happen twice: ${witness(one)} saw that it made ` +
      `${describeEnd(values.valueAt(one))}, and ${witness(other)} that it made ` +
      `${describeEnd(values.valueAt(other))}.`,
    core: toOperations(input, core),
  };
}

/**
 * What made the value, back to the beginning, and the get that saw it first; and the same for
 * values that are the reason why somebody else did not make it.
 */
function addMakers(values: KvValues, from: number, core: Set<number>): void {
  const added = new Set<number>([absent]);
  const waiting = [from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (added.has(id)) continue;
    added.add(id);
    const maker = values.maker[id] ?? -1;
    if (maker >= 0) core.add(maker);
    const witness = values.witness[id] ?? -1;
    if (id === from || values.contested.has(id)) {
      core.add(witness);
      waiting.push(values.seenBy[witness] ?? absent);
    }
    const after = values.after.get(id);
    if (after !== undefined) core.add(after);
    waiting.push(values.before[id] ?? absent);
    for (const row of values.makers[id] ?? []) waiting.push(values.madeBy[row] ?? absent);
  }
}

/** The rows with all that they rest on, sorted by invocation. */
function coreOf(context: KvConflict, rows: readonly number[]): Operation[] {
  const { values } = context;
  const core = new Set<number>(rows);
  for (const row of rows) {
    const isGet = context.rows.kind[row] === kvFunction.get;
    const id = isGet ? values.seenBy[row] : values.madeBy[row];
    if (id !== undefined && id > absent) addMakers(values, id, core);
  }
  return toOperations(context.input, core);
}

function toOperations(input: FastInput, core: ReadonlySet<number>): Operation[] {
  return [...core].sort((a, b) => a - b).map((row) => operationAt(input.columns, row));
}

function describeUnwritten(context: KvConflict, row: number): Finding {
  const { input, register, values } = context;
  const missing = register.sees[row] ?? 0;
  const value = values.valueAt(missing);
  const isGet = context.rows.kind[row] === kvFunction.get;
  const get = operationAt(input.columns, isGet ? row : (values.witness[missing] ?? row));
  const core = coreOf(context, [row]);
  const saw = isGet
    ? `${describeOperation(get)} returned ${describeEnd(value)}`
    : `${describeOperation(get)} returned ${describeEnd(get.output)}, which begins with ` +
      describeEnd(value);
  const later = findMaker(input.context, value);
  if (later !== null && later.call > (get.return ?? neverReturned)) {
    return {
      kind: 'future-read',
      sentence: `${saw}, and completed ${describeDistance(get, later)} before ${describeMutation(
        later,
      )} began, on which that value depends.`,
      core: [...core, later].sort((a, b) => a.call - b.call),
    };
  }
  const failed = findMaker(input.failed, value);
  if (failed !== null) {
    return {
      kind: 'failed-write-read',
      sentence:
        `${saw}, but the only one who could have made that was ${describeMutation(failed)}, ` +
        'which failed: it definitely did not happen.',
      core,
    };
  }
  return { kind: 'unwritten-value', sentence: `${saw}, which nobody ever wrote.`, core };
}

/** Who could have made that value: a put of it, or an append of its end. */
function findMaker(columns: FastInput['columns'] | undefined, value: unknown): Operation | null {
  if (columns === undefined) return null;
  for (let row = 0; row < columns.count; row += 1) {
    const operation = operationAt(columns, row);
    if (operation.f === 'put' && valueKey(operation.value) === valueKey(value)) return operation;
    const isText = typeof value === 'string' && typeof operation.value === 'string';
    if (operation.f === 'append' && isText && value.endsWith(operation.value)) return operation;
  }
  return null;
}

function describeDouble(context: KvConflict, first: number, second: number): Finding {
  const { input, register, values } = context;
  const from = values.valueAt(register.sees[second] ?? 0);
  const one = describeMutation(operationAt(input.columns, first));
  const other = describeMutation(operationAt(input.columns, second));
  const told = [first, second].map((row) => {
    const made = register.writes[row] ?? 0;
    const get = operationAt(input.columns, values.witness[made] ?? 0);
    return `${describeOperation(get)} saw ${describeEnd(values.valueAt(made))}`;
  });
  return {
    kind: 'lost-update',
    sentence:
      `${one} and ${other} both came directly behind ${describeEnd(from)}, so one of the two ` +
      `was lost: ${told.join(', and ')}.`,
    core: coreOf(context, [first, second]),
  };
}

function describeOrder(context: KvConflict, before: number, after: number): Finding {
  const { input, register, rows, values } = context;
  const later = operationAt(input.columns, before);
  const earlier = operationAt(input.columns, after);
  const core = coreOf(context, [before, after]);
  const distance = describeDistance(earlier, later);
  if (rows.kind[before] !== kvFunction.get) {
    const made = register.writes[before] ?? 0;
    const isGet = rows.kind[after] === kvFunction.get;
    const got = isGet ? describeOperation(earlier) : describeMutation(earlier);
    return {
      kind: isGet ? 'future-read' : 'reordered-elements',
      sentence:
        `${got} completed ${distance} before ${describeMutation(later)} began, ` +
        `although it ${isGet ? 'saw' : 'came behind'} what that one made: ` +
        `${describeEnd(values.valueAt(made))}.`,
      core,
    };
  }
  const isGet = rows.kind[after] === kvFunction.get;
  const newer = isGet
    ? `${describeOperation(earlier)} had already seen the newer ` +
      describeEnd(values.valueAt(register.sees[after] ?? 0))
    : `${describeMutation(earlier)} had already been put behind it`;
  return {
    kind: isGet ? 'non-monotonic-read' : 'stale-read',
    sentence:
      `${describeOperation(later)} returned ` +
      `${describeEnd(values.valueAt(register.sees[before] ?? 0))}, although ${newer} and ` +
      `completed ${distance} before that get began.`,
    core,
  };
}

/** Each of two values, with all that was appended to it, would have to precede the other. */
function describeZones(context: KvConflict, outer: number, inner: number): Finding {
  const { chains, input, rows, values, register } = context;
  if (chains === null) throw new Error('a conflict of zones without zones');
  const outerFirst = chains.firstRow[outer] ?? -1;
  const outerLast = chains.lastRow[outer] ?? -1;
  const innerFirst = chains.firstRow[inner] ?? -1;
  const innerLast = chains.lastRow[inner] ?? -1;
  const core = coreOf(
    context,
    [outerFirst, outerLast, innerFirst, innerLast].filter((row) => row >= 0),
  );
  const late = operationAt(input.columns, outerLast);
  const newer = operationAt(input.columns, innerFirst);
  const distance = describeDistance(newer, late);
  const isLateGet = rows.kind[outerLast] === kvFunction.get;
  const isNewerGet = rows.kind[innerFirst] === kvFunction.get;
  const isUnseen =
    !isNewerGet && (context.observations.seenBy[register.writes[innerFirst] ?? 0] ?? -1) < 0;
  const seen = values.valueAt(register.sees[outerLast] ?? 0);
  const told = isLateGet
    ? `${describeOperation(late)} returned ${describeEnd(seen)}`
    : `${describeMutation(late)} came behind an older value`;
  const fact = isNewerGet
    ? `${describeOperation(newer)} had seen the newer ` +
      describeEnd(values.valueAt(register.sees[innerFirst] ?? 0))
    : describeMutation(newer);
  const kindOfGet = isNewerGet ? 'non-monotonic-read' : 'stale-read';
  const unseen = isUnseen ? ' Nobody ever saw what that one wrote.' : '';
  return {
    kind: isUnseen ? 'lost-write' : isLateGet ? kindOfGet : 'lost-update',
    sentence:
      `${told}, although ${fact}${isNewerGet ? ' and' : ' had'} completed ${distance} before ` +
      `that ${late.f} began.${unseen}`,
    core,
  };
}

/** A text grows at its end, so the end is what tells two of them apart. */
function describeEnd(value: unknown): string {
  if (value === null) return 'no value';
  const text = JSON.stringify(value) ?? 'null';
  return text.length > 60 ? `"...${text.slice(-56)}` : text;
}
