/**
 * The numbers of a counter's operations as columns: by how much a row moves it, what a row saw.
 */
import { type Columns, neverReturned, none, operationAt, swapOutcome } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { BadRow } from '../model.ts';
import { findBadBy } from './set-elements.ts';

export interface CounterNumbers {
  /** 0 for a read. */
  readonly amount: Float64Array;
  /** NaN for what is open or was told nothing. */
  readonly seen: Float64Array;
  /** The one amount of all rows that move it; null when there are several; 0 when no row does. */
  readonly unit: number | null;
}

/** `tellsSeen`: whether the operation that moves it answers what the counter was. */
export function createCounterNumbers(columns: Columns, tellsSeen: boolean): CounterNumbers {
  const { count, f, argument, output, tables } = columns;
  const reads = tables.functions.indexOf('read');
  const amount = new Float64Array(count);
  const seen = new Float64Array(count).fill(Number.NaN);
  let unit: number | null = 0;
  for (let row = 0; row < count; row += 1) {
    const isRead = f[row] === reads;
    const by = isRead ? 0 : amountOf(tables.values.valueOf(argument[row] ?? 0));
    amount[row] = by;
    if (by !== 0 && unit !== null && by !== unit) unit = unit === 0 ? by : null;
    if (columns.return[row] === neverReturned || !(isRead || tellsSeen)) continue;
    const value = tables.values.valueOf(output[row] ?? 0);
    // -0 is 0.
    seen[row] = typeof value === 'number' ? value + 0 : Number.NaN;
  }
  return { amount, seen, unit };
}

/** No amount is an amount of one. */
export function amountOf(value: unknown): number {
  return typeof value === 'number' ? value : 1;
}

/** What is wrong with an amount; null when nothing is. */
function describeBadAmount({ f, value }: Operation): string | null {
  if (Number.isSafeInteger(value)) return null;
  return `"${f}" takes an integer as its "value", not ${JSON.stringify(value ?? null)}`;
}

/** What is wrong with a counter's answer; null when nothing is. */
function describeBadCount({ f, output }: Operation): string | null {
  if (Number.isSafeInteger(output)) return null;
  return `an ok "${f}" answers an integer, not ${JSON.stringify(output ?? null)}`;
}

/** Which numbers an operation must have. */
export interface NumberShape {
  /** Whether what moves it tells what it was. */
  readonly tellsSeen: boolean;
  /** Whether no amount is an amount of one. */
  readonly mayOmitAmount: boolean;
}

/** What is wrong with the numbers of an operation; null when nothing is. */
export function describeBadNumbers(operation: Operation, shape: NumberShape): string | null {
  const isRead = operation.f === 'read';
  const isOmitted = shape.mayOmitAmount && (operation.value ?? null) === null;
  if (!isRead && !isOmitted) {
    const bad = describeBadAmount(operation);
    if (bad !== null) return bad;
  }
  const answers = operation.return !== null && (isRead || shape.tellsSeen);
  return answers ? describeBadCount(operation) : null;
}

/** The first row with a bad number in it. */
export function findBadNumber(columns: Columns, shape: NumberShape): BadRow | null {
  const { f, argument, argument2, outcome, output, tables } = columns;
  const reads = tables.functions.indexOf('read');
  const isInteger = (id: number): boolean => Number.isSafeInteger(tables.values.valueOf(id));
  const isRight = (row: number): boolean => {
    const isRead = f[row] === reads;
    const isAmount = (argument2[row] ?? none) === none && isInteger(argument[row] ?? 0);
    if (!isRead && !isAmount) return false;
    if (columns.return[row] === neverReturned || !(isRead || shape.tellsSeen)) return true;
    return outcome[row] === swapOutcome.untold && isInteger(output[row] ?? 0);
  };
  return findBadBy(columns, isRight, (row) => describeBadNumbers(operationAt(columns, row), shape));
}
