/**
 * The class of a contradiction about one element that was added once and removed at most once:
 * the first of a few facts that is true of the operations it rests on, with nothing assumed about
 * a remove that told nothing.
 */
import { operationAt } from '../columns.ts';
import { describeDistance, describeMutation, describeOperation } from '../describe-operation.ts';
import type { Operation } from '../history.ts';
import type { Finding } from '../model.ts';
import { elementKind, isAdd, isRemove } from './set-kinds.ts';
import type { SetHistory } from './set-operations.ts';

interface Fact {
  readonly operation: Operation;
  readonly kind: number;
}

/** What was said of the element, each sorted by invocation. */
interface Facts {
  readonly add: Operation;
  readonly remove: Fact | null;
  /** Those that found it there, a remove that did so among them. */
  readonly found: readonly Operation[];
  readonly missed: readonly Operation[];
  readonly element: string;
}

type Named = Pick<Finding, 'kind' | 'sentence'>;

/** null when the rows do not hold just one add and one remove. */
export function describeElementFacts(
  { columns, kind }: SetHistory,
  rows: readonly number[],
  element: string,
): Named | null {
  const all = [...new Set(rows)]
    .sort((a, b) => a - b)
    .map((row): Fact => ({ operation: operationAt(columns, row), kind: kind[row] ?? 0 }));
  const adds = all.filter((fact) => isAdd(fact.kind));
  const removes = all.filter((fact) => isRemove(fact.kind));
  const [add] = adds;
  if (add === undefined || adds.length > 1 || removes.length !== 1) return null;
  const [remove = null] = removes;
  const isFound = (fact: Fact): boolean =>
    fact.kind === elementKind.found || fact.kind === elementKind.toldRemove;
  const facts: Facts = {
    add: add.operation,
    remove,
    found: all.filter(isFound).map(({ operation }) => operation),
    missed: all.filter((fact) => fact.kind === elementKind.missed).map((fact) => fact.operation),
    element,
  };
  return (
    describeFuture(facts) ??
    describeGap(facts) ??
    describeStale(facts) ??
    describeLost(facts) ?? {
      kind: 'not-linearizable',
      sentence: `No order of them explains what was answered about ${element}, added only once.`,
    }
  );
}

/** It was found before the only add of it began. */
function describeFuture({ add, found, element }: Facts): Named | null {
  const early = found.find((operation) => isBefore(operation, add));
  if (early === undefined) return null;
  return {
    kind: 'future-read',
    sentence:
      `${tell(early, element)}, although it had completed ${describeDistance(early, add)} before ` +
      `${describeMutation(add)} began.`,
  };
}

/** It was missed after it was certainly there, and found after that: it was added only once. */
function describeGap({ add, found, missed, element }: Facts): Named | null {
  for (const miss of missed) {
    const before = [add, ...found].find((operation) => isBefore(operation, miss));
    const after = found.find((operation) => isBefore(miss, operation));
    if (before === undefined || after === undefined) continue;
    return {
      kind: 'stale-read',
      sentence:
        `${tellMiss(miss, element)}, although ${tellEither(before, add, element)} and completed ` +
        `${describeDistance(before, miss)} before that began, and ${tell(after, element)} later.`,
    };
  }
  return null;
}

/** It was found after its only remove, which had certainly removed it. */
function describeStale({ add, remove, found, element }: Facts): Named | null {
  if (remove === null || remove.operation.return === null) return null;
  const isCertain = remove.kind === elementKind.toldRemove || isBefore(add, remove.operation);
  const late = found.find((operation) => isBefore(remove.operation, operation));
  if (!isCertain || late === undefined) return null;
  return {
    kind: 'stale-read',
    sentence:
      `${tell(late, element)}, although ${describeMutation(remove.operation)} had completed ` +
      `${describeDistance(remove.operation, late)} before it began, and it was added only once.`,
  };
}

/** It was missed after it was certainly there, and nobody can have removed it by then. */
function describeLost({ add, remove, found, missed, element }: Facts): Named | null {
  for (const miss of missed) {
    const before = [add, ...found].find((operation) => isBefore(operation, miss));
    if (before === undefined) continue;
    const isRemovable =
      remove !== null && !isBefore(miss, remove.operation) && !isBefore(remove.operation, add);
    if (isRemovable) continue;
    return {
      kind: 'lost-element',
      sentence:
        `${tellMiss(miss, element)}, although ${tellEither(before, add, element)} and completed ` +
        `${describeDistance(before, miss)} before that began, and nobody can have removed it ` +
        'in between.',
    };
  }
  return null;
}

function isBefore(a: Operation, b: Operation): boolean {
  return a.return !== null && a.return < b.call;
}

function tellEither(operation: Operation, add: Operation, element: string): string {
  return operation.id === add.id
    ? `${describeMutation(add)} had added it`
    : tell(operation, element);
}

function tell(operation: Operation, element: string): string {
  return operation.f === 'read'
    ? `${describeOperation(operation)} showed ${element}`
    : `${describeMutation(operation)} found it`;
}

function tellMiss(operation: Operation, element: string): string {
  return operation.f === 'read'
    ? `${describeOperation(operation)} did not show ${element}`
    : `${describeMutation(operation)} did not find it`;
}
