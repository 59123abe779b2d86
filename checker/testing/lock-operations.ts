/** Short words for operations of locks, queues and keys in tests. */
import { columnsOf } from '../columns.ts';
import type { Operation } from '../history.ts';
import type { FastResult, Model } from '../model.ts';
import type { Span } from './operations.ts';

type Draft = Pick<Operation, 'f' | 'value' | 'output' | 'call' | 'return'>;

/** An operation that was open during the span; without a return it is open for ever. */
export function op(f: string, [call, end]: Span, answer: Partial<Operation> = {}): Draft {
  return { f, value: null, output: null, call, return: end ?? null, ...answer };
}

/** Sorted by invocation; ids are positions, and so is each process unless it is given. */
export function records(...drafts: readonly (Draft & Partial<Operation>)[]): Operation[] {
  return [...drafts]
    .sort((a, b) => a.call - b.call)
    .map((draft, row) => ({
      id: draft.call,
      process: row,
      key: null,
      ...draft,
      output: draft.return === null ? undefined : draft.output,
    }));
}

export function decide(
  model: Model,
  operations: readonly Operation[],
  failed: readonly Operation[] = [],
): FastResult {
  const columns = columnsOf(operations);
  const result = model.fast?.({ columns, failed: columnsOf(failed, columns.tables.values) });
  if (result === undefined) throw new Error(`${model.name} has no near-linear algorithm`);
  return result;
}

/** The class and the ids of the core; for what is not invalid the type alone. */
export function outline(result: FastResult): string {
  if (result.type !== 'invalid') return result.type;
  return `${result.finding.kind}: ${result.finding.core.map(({ id }) => id).join(' ')}`;
}
