/**
 * Misses that have no place, in words and in the few operations that prove it.
 *
 * Offers cores from the shortest to the one with all that overlapped; who calls it says which of
 * them is impossible on its own. It decides nothing.
 */
import { neverReturned, none, operationAt } from '../columns.ts';
import { describeDistance, describeMutation, describeValue } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import { type RegisterColumns, rowKind } from './register-columns.ts';
import type { Demand } from './register-miss-choices.ts';
import { consumerAfter, type MissSetup, readersAfter } from './register-miss-setup.ts';
import { happened } from './register-observations.ts';

export interface MissConflict {
  readonly input: FastInput;
  readonly setup: MissSetup;
  /** Misses with the mutators whose value they cannot have avoided. */
  readonly demands: readonly Demand[];
  /** Whether those rows of the input are impossible on their own. */
  isImpossible(rows: readonly number[]): boolean;
}

/** More rows than these are no core that anybody reads. */
const coreMax = 64;

export function describeMissConflict(conflict: MissConflict): Finding {
  const rows = findCore(conflict);
  const core = rows.map((row) => operationAt(conflict.input.columns, row));
  return { kind: 'impossible-cas', sentence: describe(conflict), core };
}

function findCore(conflict: MissConflict): readonly number[] {
  const { setup, demands } = conflict;
  const rows = new Set<number>();
  for (const { miss, mutator } of demands) {
    rows.add(miss);
    if (mutator >= none) for (const row of boundsOf(setup, mutator)) rows.add(row);
  }
  let core = close(setup, rows);
  for (const round of [0, 1, 2]) {
    if (core.length > coreMax || conflict.isImpossible(core)) break;
    core = close(setup, withNeighbours(setup, core, round));
  }
  return core;
}

/** The mutator, who took its value, and of its readers those that bound how long it was there. */
function boundsOf(setup: MissSetup, mutator: number): number[] {
  const { columns, chains, blockOf } = setup;
  const { readers } = setup.observations;
  const [start, end] = readersAfter(setup, mutator);
  const rows = [mutator, consumerAfter(setup, mutator)];
  let earliest = mutator;
  let latest = mutator;
  for (let at = start; at < end; at += 1) {
    const row = readers[at] ?? 0;
    if (earliest < 0 || returnOf(columns, row) < returnOf(columns, earliest)) earliest = row;
    if (latest < 0 || (columns.call[row] ?? 0) > (columns.call[latest] ?? 0)) latest = row;
  }
  const block = mutator < 0 ? 0 : (blockOf[mutator] ?? none);
  if (block >= 0) rows.push(chains.firstRow[block] ?? none, chains.lastRow[block] ?? none);
  return [...rows, earliest, latest].filter((row) => row >= 0);
}

/** Adds what overlapped the misses; in later rounds what overlapped that, too. */
function withNeighbours(setup: MissSetup, core: readonly number[], round: number): Set<number> {
  const { columns, events, chains, blockOf, observations } = setup;
  const from = core.filter((row) => round > 0 || columns.kind[row] === rowKind.miss);
  const rows = new Set(core);
  let low: number = neverReturned;
  let high = 0;
  for (const row of from) {
    low = Math.min(low, columns.call[row] ?? 0);
    const end = returnOf(columns, row);
    if (end !== neverReturned) high = Math.max(high, end);
  }
  for (let at = low / 2; 2 * at <= high && rows.size <= coreMax; at += 1) {
    const event = events[at] ?? 0;
    const row = event < 0 ? -1 - event : event;
    const isMiss = columns.kind[row] === rowKind.miss;
    if (isMiss || columns.kind[row] === rowKind.nothing) continue;
    rows.add(row);
    const block = blockOf[row] ?? none;
    if (block < 0 || !happened(columns, observations, row)) continue;
    for (const bound of [chains.firstRow[block] ?? none, chains.lastRow[block] ?? none]) {
      if (bound >= 0) rows.add(bound);
    }
  }
  return rows;
}

/** With who wrote what is seen, and who proves that an open one happened; sorted. */
function close({ columns, observations }: MissSetup, rows: ReadonlySet<number>): number[] {
  const closed = new Set<number>();
  const pending = [...rows];
  for (let row = pending.pop(); row !== undefined; row = pending.pop()) {
    if (closed.has(row)) continue;
    closed.add(row);
    const seen = columns.sees[row] ?? none;
    const writer = seen < 0 ? none : (observations.writer[seen] ?? none);
    if (writer >= 0 && columns.kind[row] !== rowKind.miss) pending.push(writer);
    const witness = observations.forcedBy[row] ?? none;
    if (columns.return[row] === neverReturned && witness >= 0) pending.push(witness);
  }
  return [...closed].sort((a, b) => a - b);
}

function describe({ input, setup, demands }: MissConflict): string {
  const record = (row: number): Operation => operationAt(input.columns, row);
  const [demand] = demands;
  const misses = [...new Set(demands.map(({ miss }) => miss))].map(record);
  const names = misses.slice(0, 4).map(describeMutation).join(', ');
  if (misses.length > 1 || demand === undefined) {
    const others = misses.length > 4 ? ` and ${misses.length - 4} more` : '';
    return (
      `${names}${others} answered that the value was not the expected one. Each alone may be, ` +
      'but no order of the other operations has a place for all of them.'
    );
  }
  const expected = describeValue(expectedBy(record(demand.miss)));
  const claim = `${names} answered that the value was not ${expected}`;
  const { columns } = setup;
  const bounds = demand.mutator < none ? [] : boundsOf(setup, demand.mutator);
  const begin = columns.call[demand.miss] ?? 0;
  const end = columns.return[demand.miss] ?? 0;
  const [writer] = demand.mutator < 0 ? [none] : bounds;
  const before = bounds.find((row) => returnOf(columns, row) < begin);
  const after = bounds.find((row) => row !== writer && (columns.call[row] ?? 0) > end);
  const isHere = before === undefined ? demand.mutator < 0 : isOn(setup, before, demand.mutator);
  if (!isHere || after === undefined || !isOn(setup, after, demand.mutator)) {
    return `${claim}, but no order of the other operations has a moment for that.`;
  }
  const since =
    before === undefined
      ? 'which was there from the beginning'
      : `although ${describeMutation(record(before))} had completed ` +
        `${describeDistance(record(before), record(demand.miss))} before that cas began`;
  return (
    `${claim}, ${since}, and ${describeMutation(record(after))}, which began ` +
    `${describeDistance(record(demand.miss), record(after))} after it had completed, still ` +
    `found ${expected}.`
  );
}

/** Whether the row is the mutator, reads what it left, or takes it. */
function isOn({ columns }: MissSetup, row: number, mutator: number): boolean {
  const value = mutator < 0 ? 0 : columns.writes[mutator];
  return row === mutator || columns.sees[row] === value;
}

function expectedBy({ value }: Operation): unknown {
  return Array.isArray(value) ? value[0] : null;
}

function returnOf({ return: returned }: RegisterColumns, row: number): number {
  return returned[row] ?? neverReturned;
}
