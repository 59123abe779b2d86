/**
 * What to call a read of an element that nobody can have added: of a failed operation, of one that
 * began later, or of nobody. Only words rest on this, never a verdict.
 */
import { type Columns, none, operationAt } from '../columns.ts';
import { describeMutation, describeOperation, describeValue } from '../describe-operation.ts';
import type { FastInput, Finding } from '../model.ts';
import { argumentId } from './set-elements.ts';

export interface Phantom {
  /** The operation that showed it. */
  readonly row: number;
  readonly element: unknown;
  /** The name of the operation that would have brought it: `add` or `append`. */
  readonly writer: string;
}

/** The observer alone: nobody who is in the history explains it. */
export function describePhantom(input: FastInput, phantom: Phantom): Finding {
  const { row, element, writer } = phantom;
  const observer = operationAt(input.columns, row);
  const saw = `${describeOperation(observer)} showed ${describeValue(element)}`;
  const later = findWriter(input.context, phantom, observer.return ?? 0);
  if (later !== null) {
    return {
      kind: 'future-read',
      sentence: `${saw}, but ${describeMutation(later)} began only after that had returned.`,
      core: [observer, later],
    };
  }
  const failed = findWriter(input.failed, phantom, -1);
  if (failed !== null) {
    return {
      kind: 'failed-write-read',
      sentence:
        `${saw}, but the only ${writer} of that was ${describeMutation(failed)}, which failed: ` +
        'it definitely did not happen.',
      core: [observer],
    };
  }
  return {
    kind: 'unwritten-value',
    sentence: `${saw}, an element that nobody ever ${writer === 'add' ? 'added' : 'appended'}.`,
    core: [observer],
  };
}

function findWriter(
  columns: Columns | undefined,
  { element, writer }: Phantom,
  after: number,
): ReturnType<typeof operationAt> | null {
  if (columns === undefined) return null;
  const wanted = columns.tables.values.find(element);
  const f = columns.tables.functions.indexOf(writer);
  if (wanted === none || f < 0) return null;
  for (let row = 0; row < columns.count; row += 1) {
    if (columns.f[row] !== f || (columns.call[row] ?? 0) <= after) continue;
    if (argumentId(columns, row) === wanted) return operationAt(columns, row);
  }
  return null;
}
