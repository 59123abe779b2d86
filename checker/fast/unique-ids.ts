/**
 * Unique ids, exactly: linearizable unless two operations were given the same id. O(n).
 *
 * Without equal ids every order is possible, that of the invocations for one.
 */
import { type Columns, neverReturned, none, operationAt, swapOutcome } from '../columns.ts';
import { describeDistance, describeOperation, describeValue } from '../describe-operation.ts';
import type { FastInput, FastResult } from '../model.ts';
import { coreOf } from './ranks.ts';
import { LocalIds } from './register-columns.ts';

export function checkUniqueIds(input: FastInput): FastResult {
  const { columns } = input;
  const ids = answerIds(columns);
  const local = new LocalIds(columns.tables.values.size, columns.count);
  const order = new Uint32Array(columns.count);
  let given = 0;
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.return[row] === neverReturned) continue;
    const number = local.idOf(ids[row] ?? 0);
    if (number < given) return describeDuplicate(columns, order[number] ?? 0, row);
    order[given] = row;
    given += 1;
  }
  return { type: 'valid', order: order.slice(0, given) };
}

/** The id of each answer as one value, also when it looks like that of a compare-and-set. */
export function answerIds(columns: Columns): Int32Array {
  const { count, output, outcome, tables } = columns;
  const ids = output.slice();
  for (let row = 0; row < count; row += 1) {
    if (outcome[row] === swapOutcome.untold) continue;
    const { output: answer } = operationAt(columns, row);
    ids[row] = answer === undefined ? none : tables.values.idOf(answer);
  }
  return ids;
}

function describeDuplicate(columns: Columns, first: number, second: number): FastResult {
  const one = operationAt(columns, first);
  const two = operationAt(columns, second);
  const ends = one.return ?? neverReturned;
  const when =
    ends < two.call
      ? `the first had completed ${describeDistance(one, two)} before the second began`
      : 'they overlapped';
  return {
    type: 'invalid',
    finding: {
      kind: 'duplicate-id',
      sentence:
        `${describeOperation(one)} and ${describeOperation(two)} were both given ` +
        `${describeValue(one.output)}; ${when}.`,
      core: coreOf(columns, [first, second]),
    },
  };
}
