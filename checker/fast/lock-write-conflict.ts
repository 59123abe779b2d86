/** Why the writes behind a lock have no order, in words and in a few of them. */
import { operationAt } from '../columns.ts';
import { describeDistance, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { Finding } from '../model.ts';
import type { LockHistory } from './lock-core.ts';
import { lockKind } from './lock-rows.ts';
import type { WriteConflict } from './lock-writes.ts';

export function describeWriteConflict(history: LockHistory, conflict: WriteConflict): Finding {
  const at = (row: number): Operation => operationAt(history.columns, row);
  switch (conflict.type) {
    case 'stale':
      return describeStale(at(conflict.newer), at(conflict.older));
    case 'overtaken':
      return describeOvertaken(at(conflict.rejected), at(conflict.older), {
        newer: greaterBefore(history, conflict.rejected).map(at),
      });
    case 'refused':
      return describeRefused(at(conflict.rejected));
    default:
      return conflict satisfies never;
  }
}

/** Writes with a greater token that began before that one returned, by invocation. */
function greaterBefore({ columns, rows }: LockHistory, rejected: number): number[] {
  const greater: number[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    if ((columns.call[row] ?? 0) > (columns.return[rejected] ?? 0)) break;
    const isWrite = rows.kind[row] === lockKind.accepted || rows.kind[row] === lockKind.openWrite;
    if (isWrite && (rows.named[row] ?? 0) > (rows.named[rejected] ?? 0)) greater.push(row);
  }
  return greater;
}

function describeStale(newer: Operation, older: Operation): Finding {
  return {
    kind: 'stale-write-accepted',
    sentence:
      `The store accepted ${describeOperation(older)} with the token ${tokenOf(older)}, although ` +
      `it had accepted ${describeOperation(newer)} with the newer ${tokenOf(newer)}, which ` +
      `completed ${describeDistance(newer, older)} before that write began.`,
    core: [newer, older],
  };
}

function describeOvertaken(
  rejected: Operation,
  older: Operation,
  { newer }: { readonly newer: readonly Operation[] },
): Finding {
  const possible = newer.map((one) => `${describeOperation(one)} with ${tokenOf(one)}`);
  const only = newer.length === 1 ? 'and that can only be' : 'and that can only be one of';
  return {
    kind: 'stale-write-accepted',
    sentence:
      `The store accepted ${describeOperation(older)} with the token ${tokenOf(older)}, although ` +
      `it had accepted a newer one ${describeDistance(rejected, older)} before, when it rejected ` +
      `${describeOperation(rejected)} with the token ${tokenOf(rejected)}: ${only} ` +
      `${possible.join(', ')}.`,
    core: [...newer, rejected, older].sort((one, other) => one.call - other.call),
  };
}

function describeRefused(rejected: Operation): Finding {
  return {
    kind: 'impossible-refusal',
    sentence:
      `The store rejected ${describeOperation(rejected)} with the token ${tokenOf(rejected)}, ` +
      'although no write with a greater token had begun before that one returned.',
    core: [rejected],
  };
}

function tokenOf({ value }: Operation): string {
  return String(Array.isArray(value) ? value[0] : value);
}
