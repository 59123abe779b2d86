/**
 * Changes of a history of which it is known what they do to the verdict: some bind less, so what
 * was linearizable stays so; the others change nothing.
 */
import type { Operation } from '../history.ts';
import type { Model } from '../model.ts';
import { Disagreement } from './agreement.ts';
import { checkWhole, type Records } from './check-whole.ts';
import type { RandomSource } from './random-history.ts';
import type { OperationKind } from './tiny-histories.ts';

/** What the rules must know of a model. */
export interface Metamorphic {
  readonly model: Model;
  /** For operations that are added, open. */
  readonly kinds: readonly OperationKind[];
  /** Values are mere names: others would do as well. */
  readonly isRenamable: boolean;
}

interface Rule {
  readonly name: string;
  /** Whether the verdict stays as it was, or only stays linearizable. */
  readonly keeps: 'verdict' | 'linearizable';
  /** null when it does not apply. */
  change(operations: readonly Operation[], random: RandomSource): Operation[] | null;
}

/** Throws a Disagreement when one of the rules, drawn at random, does not hold. */
export function checkOneRule(
  subject: Metamorphic,
  before: Records & { readonly isLinearizable: boolean },
  random: RandomSource,
): void {
  const { operations, isLinearizable, ...rest } = before;
  const rules = rulesOf(subject);
  const rule = rules[Math.floor(random() * rules.length)];
  if (rule === undefined || (rule.keeps === 'linearizable' && !isLinearizable)) return;
  const changed = rule.change(operations, random);
  if (changed === null) return;
  const { valid } = checkWhole({ ...rest, operations: changed, model: subject.model });
  if (valid === isLinearizable) return;
  throw new Disagreement(
    `it was ${isLinearizable}; after ${rule.name} it is ${valid}: ${JSON.stringify(changed)}`,
  );
}

function rulesOf({ model, kinds, isRenamable }: Metamorphic): readonly Rule[] {
  const openKinds = kinds.filter((kind) => kind.isOpen === true);
  const rules: Rule[] = [
    { name: 'an answer was lost', keeps: 'linearizable', change: loseAnswer },
    { name: 'a return came later', keeps: 'linearizable', change: returnLater },
    { name: 'an invocation came earlier', keeps: 'linearizable', change: callEarlier },
    {
      name: 'an observer is gone',
      keeps: 'linearizable',
      change: (operations, random) => {
        const gone = pick(operations.filter(model.isObserver), random);
        return gone === undefined ? null : operations.filter((other) => other !== gone);
      },
    },
    {
      name: 'an open operation began somewhere',
      keeps: 'linearizable',
      change: (operations, random) => addOpen(operations, pick(openKinds, random), random()),
    },
    {
      name: 'an open operation began after everything',
      keeps: 'verdict',
      change: (operations, random) => addOpen(operations, pick(openKinds, random), 1),
    },
    { name: 'positions, ids and processes were renumbered', keeps: 'verdict', change: renumber },
  ];
  if (!isRenamable) return rules;
  const change = (operations: readonly Operation[]): Operation[] => operations.map(renameValues);
  return [...rules, { name: 'values were renamed', keeps: 'verdict', change }];
}

function pick<T>(from: readonly T[], random: RandomSource): T | undefined {
  return from[Math.floor(random() * from.length)];
}

function loseAnswer(operations: readonly Operation[], random: RandomSource): Operation[] {
  const chosen = pick(operations, random);
  return operations.map((operation) =>
    operation === chosen ? { ...operation, return: null, output: undefined } : operation,
  );
}

function returnLater(operations: readonly Operation[], random: RandomSource): Operation[] | null {
  const chosen = pick(operations, random);
  const end = chosen?.return ?? null;
  if (chosen === undefined || end === null) return null;
  const later = end + 0.5 + random() * 2 * operations.length;
  return withDensePositions(replaced(operations, chosen, { ...chosen, return: later }));
}

function callEarlier(operations: readonly Operation[], random: RandomSource): Operation[] | null {
  const chosen = pick(operations, random);
  if (chosen === undefined) return null;
  const call = chosen.call - 0.5 - random() * 2 * operations.length;
  return withDensePositions(replaced(operations, chosen, { ...chosen, call }));
}

function replaced(
  operations: readonly Operation[],
  old: Operation,
  changed: Operation,
): Operation[] {
  return operations.map((operation) => (operation === old ? changed : operation));
}

/** `where` goes from 0, before everything, to 1, after everything. */
function addOpen(
  operations: readonly Operation[],
  kind: OperationKind | undefined,
  where: number,
): Operation[] | null {
  if (kind === undefined) return null;
  const end = operations.reduce((max, { call, return: to }) => Math.max(max, call, to ?? 0), 0);
  const call = where * (end + 1) - 0.25 + (where === 1 ? 1 : 0);
  const added = { id: 0, process: 999, key: null, f: kind.f, value: kind.value, output: undefined };
  return withDensePositions([...operations, { ...added, call, return: null }]);
}

function renumber(operations: readonly Operation[]): Operation[] {
  return operations.map((operation) => ({
    ...operation,
    id: operation.id * 3 + 50,
    process: 100 - operation.process,
    call: operation.call * 3 + 50,
    return: operation.return === null ? null : operation.return * 3 + 50,
  }));
}

/** The same events in the same order at 0, 1, 2…; ids are positions of invocations. */
export function withDensePositions(operations: readonly Operation[]): Operation[] {
  const positions = operations.flatMap(({ call, return: end }) =>
    end === null ? [call] : [call, end],
  );
  const dense = new Map(
    [...new Set(positions)].sort((a, b) => a - b).map((from, to) => [from, to]),
  );
  return operations
    .map((operation) => {
      const call = dense.get(operation.call) ?? 0;
      const end = operation.return === null ? null : (dense.get(operation.return) ?? 0);
      return { ...operation, id: call, call, return: end };
    })
    .sort((a, b) => a.call - b.call);
}

function renameValues(operation: Operation): Operation {
  const { value, output } = operation;
  const isResult = typeof output === 'object' && output !== null && 'swapped' in output;
  if (!isResult) return { ...operation, value: rename(value), output: rename(output) };
  const seen = 'seen' in output ? { seen: rename(output.seen) } : {};
  return { ...operation, value: rename(value), output: { ...output, ...seen } };
}

/** Other names for values; what null and true mean stays. */
function rename(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rename);
  if (typeof value === 'number') return `the ${value}`;
  return typeof value === 'string' ? [value] : value;
}
