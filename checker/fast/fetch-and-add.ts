/**
 * Fetch-and-add that tells the old value: O(n log n), exact when all move it by one amount.
 *
 * With amounts of one sign no value comes back, so what an operation saw is its place in every
 * order. Amounts that differ are decided too unless an open one must have filled a gap.
 */
import { type Columns, neverReturned, operationAt } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { FastInput, FastResult, Finding } from '../model.ts';
import { createCounterNumbers } from './counter-numbers.ts';
import {
  orderSequence,
  type Sequence,
  type SequenceConflict,
  supportOf,
} from './fetch-sequence.ts';
import { coreOf } from './ranks.ts';

/** Twice this and one is still a safe integer: ranks are made of values. */
const placeMax = 2 ** 51;

export function checkFetchAndAdd({ columns }: FastInput): FastResult {
  const { amount, seen, unit } = createCounterNumbers(columns, true);
  const sign = signOf(amount);
  if (sign === null) return { type: 'undecided', reason: 'amounts of both signs' };
  const fillers: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    amount[row] = (amount[row] ?? 0) * sign;
    const isOpen = columns.return[row] === neverReturned;
    if (isOpen && (amount[row] ?? 0) > 0) fillers.push(row);
    if (isOpen) continue;
    const place = (seen[row] ?? 0) * sign;
    seen[row] = place;
    const isOff = unit !== null && unit !== 0 && place % unit !== 0;
    if (place < 0 || isOff) {
      return { type: 'invalid', finding: describeImpossible(columns, row) };
    }
    if (place > placeMax) return { type: 'undecided', reason: 'a value is too large' };
  }
  const step = unit === null ? null : Math.abs(unit) || 1;
  const sequence = { columns, seen, step: amount, fillers, last: [], unit: step };
  const result = orderSequence(sequence);
  switch (result.type) {
    case 'ordered':
      return { type: 'valid', order: result.order };
    case 'undecided':
      return { type: 'undecided', reason: 'open operations of several amounts fill a gap' };
    case 'conflict':
      return { type: 'invalid', finding: describeConflict(sequence, result.conflict) };
    default:
      return result;
  }
}

/** 1 when no amount is negative, -1 when none is positive, null when there are both. */
function signOf(amount: Float64Array): 1 | -1 | null {
  let up = false;
  let down = false;
  for (const by of amount) {
    if (by > 0) up = true;
    if (by < 0) down = true;
  }
  if (up && down) return null;
  return down ? -1 : 1;
}

function describeImpossible(columns: Columns, row: number): Finding {
  const operation = operationAt(columns, row);
  return {
    kind: 'impossible-read',
    sentence:
      `${describeOperation(operation)} saw ${operation.output}, which no number of the amounts ` +
      'that were added comes to.',
    core: [operation],
  };
}

function describeConflict(sequence: Sequence, conflict: SequenceConflict): Finding {
  switch (conflict.type) {
    case 'overlap':
      return describeOverlap(sequence, conflict.first, conflict.row);
    case 'order':
      return describeOrder(sequence, conflict.smaller, conflict.larger);
    case 'gap':
      return describeGap(sequence, conflict.row, conflict.from);
    default:
      return conflict;
  }
}

function describeOverlap(sequence: Sequence, first: number, row: number): Finding {
  const { columns, step } = sequence;
  const one = operationAt(columns, first);
  const two = operationAt(columns, row);
  const core = coreOf(columns, [first, row], supportOf(sequence, [first, row]));
  if ((step[row] ?? 0) === 0 || one.output !== two.output) {
    return {
      kind: 'impossible-read',
      sentence:
        `${describeOperation(two)} saw ${two.output}, but ${describeOperation(one)} moved the ` +
        `counter from ${one.output} past it in one go.`,
      core,
    };
  }
  return {
    kind: 'lost-update',
    sentence:
      `${describeOperation(one)} and ${describeOperation(two)} both found ${one.output}: one of ` +
      'the two additions was lost.',
    core,
  };
}

function describeOrder(sequence: Sequence, smaller: number, larger: number): Finding {
  const { columns, step } = sequence;
  const late = operationAt(columns, smaller);
  const early = operationAt(columns, larger);
  const isRead = (step[larger] ?? 0) === 0;
  return {
    kind: isRead ? 'non-monotonic-read' : 'stale-read',
    sentence:
      `${describeOperation(late)} saw ${late.output}, although ${describeOperation(early)}, ` +
      `which saw ${early.output}, had completed ${describeDistance(early, late)} before it began.`,
    core: coreOf(columns, [smaller, larger], supportOf(sequence, [smaller, larger])),
  };
}

function describeGap(sequence: Sequence, row: number, from: number): Finding {
  const { columns, fillers } = sequence;
  const operation = operationAt(columns, row);
  // An open one that began later cannot have led to what this one saw.
  const possible = fillers.filter(
    (filler) => (columns.call[filler] ?? 0) <= returnOf(columns, row),
  );
  const support = supportOf({ ...sequence, fillers: possible }, [row]);
  return {
    kind: 'skipped-value',
    sentence:
      `${describeOperation(operation)} saw ${operation.output}, but nobody found ` +
      `${from * signOfSeen(operation.output)}, and of the open operations only ` +
      `${possible.length} began before it returned, which is too few for the values that are ` +
      'missing.',
    core: coreOf(columns, [row], support),
  };
}

function signOfSeen(output: unknown): number {
  return typeof output === 'number' && output < 0 ? -1 : 1;
}

function returnOf(columns: Columns, row: number): number {
  return columns.return[row] ?? 0;
}
