/**
 * What the check of a unit counter found, in words and in the few operations that prove it.
 *
 * A core holds as many adds as the larger of its reads needs to have seen what it saw, so that it
 * is refused for the history's reason and for no other.
 */
import { type Columns, operationAt } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { FastInput, Finding } from '../model.ts';
import type { CounterConflict, UnitCounter } from './counter.ts';
import { coreOf } from './ranks.ts';

export function describeCounterConflict(
  input: FastInput,
  counter: UnitCounter,
  conflict: CounterConflict,
): Finding {
  switch (conflict.type) {
    case 'impossible':
      return describeImpossible(input, counter, conflict.row);
    case 'too-many':
      return describeTooMany(input, counter, conflict.row);
    case 'order':
      return describeDecrease(counter, conflict.above, conflict.below);
    case 'lost':
      return describeLost(counter, conflict);
    default:
      return conflict;
  }
}

function describeImpossible(input: FastInput, counter: UnitCounter, row: number): Finding {
  const seen = counter.seen[row] ?? 0;
  if (seen > 0 && Number.isInteger(seen)) return describeTooMany(input, counter, row);
  const read = operationAt(counter.columns, row);
  return {
    kind: 'impossible-read',
    sentence:
      `${describeOperation(read)} returned ${read.output}, which no number of the amounts that ` +
      'were added comes to.',
    core: [read],
  };
}

function describeTooMany(input: FastInput, counter: UnitCounter, row: number): Finding {
  const { columns, seen } = counter;
  const read = operationAt(columns, row);
  const adds = addsBegunBefore(counter, row);
  const missing = (seen[row] ?? 0) - adds.length;
  const all = input.context ?? columns;
  const later = countAdds(all, { from: read.return ?? 0, to: Number.POSITIVE_INFINITY });
  const failed = countAdds(input.failed, { from: -1, to: read.return ?? 0 });
  const facts =
    `${describeOperation(read)} returned ${read.output}, for which ` +
    `${countOf(seen[row] ?? 0)} must have taken effect, but ${adds.length} had begun ` +
    'before it returned';
  const core = coreOf(columns, [row], adds);
  if (failed >= missing) {
    return {
      kind: 'failed-write-read',
      sentence: `${facts}, and ${failed} that failed: what failed definitely did not happen.`,
      core,
    };
  }
  return {
    kind: later >= missing ? 'future-read' : 'impossible-read',
    sentence: `${facts}.`,
    core,
  };
}

function describeDecrease(counter: UnitCounter, above: number, below: number): Finding {
  const { columns } = counter;
  const early = operationAt(columns, above);
  const late = operationAt(columns, below);
  return {
    kind: 'non-monotonic-read',
    sentence:
      `${describeOperation(late)} returned ${late.output}, although ${describeOperation(early)} ` +
      `had already returned ${early.output} and completed ${describeDistance(early, late)} ` +
      'before it began.',
    core: coreOf(columns, [above, below], supportOfRead(counter, above)),
  };
}

type Lost = CounterConflict & { readonly type: 'lost' };

function describeLost(counter: UnitCounter, { below, above, adds }: Lost): Finding {
  const { columns, seen } = counter;
  const base = above < 0 ? 0 : (seen[above] ?? 0);
  // One more than the read could have missed is enough.
  const needed = adds.slice(0, (seen[below] ?? 0) - base + 1);
  const late = operationAt(columns, below);
  const last = lastReturned(columns, needed);
  const since =
    above < 0
      ? ''
      : `, all begun after ${describeOperation(operationAt(columns, above))} had returned ` +
        `${operationAt(columns, above).output}`;
  const named = above < 0 ? [below] : [below, above];
  const support = above < 0 ? needed : [...needed, ...supportOfRead(counter, above)];
  return {
    kind: 'lost-update',
    sentence:
      `${describeOperation(late)} returned ${late.output}, although ${countOf(adds.length)} ` +
      `had completed before it began${since}; the last of them, ${describeOperation(last)}, ` +
      `${describeDistance(last, late)} before.`,
    core: coreOf(columns, named, support),
  };
}

function lastReturned(columns: Columns, rows: readonly number[]): Operation {
  let last = rows[0] ?? 0;
  for (const row of rows) {
    if ((columns.return[row] ?? 0) > (columns.return[last] ?? 0)) last = row;
  }
  return operationAt(columns, last);
}

function countOf(adds: number): string {
  return adds === 1 ? 'one add' : `${adds} adds`;
}

/** Adds that were invoked before the read returned. */
function addsBegunBefore({ columns, adds }: UnitCounter, read: number): number[] {
  const end = columns.return[read] ?? 0;
  const begun: number[] = [];
  for (const row of adds) {
    if ((columns.call[row] ?? 0) > end) break;
    begun.push(row);
  }
  return begun;
}

/** As many of them as the read saw. */
function supportOfRead(counter: UnitCounter, read: number): number[] {
  return addsBegunBefore(counter, read).slice(0, counter.seen[read] ?? 0);
}

function countAdds(
  columns: Columns,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const add = columns.tables.functions.indexOf('add');
  let count = 0;
  for (let row = 0; row < columns.count; row += 1) {
    const call = columns.call[row] ?? 0;
    if (columns.f[row] === add && call > from && call <= to) count += 1;
  }
  return count;
}
