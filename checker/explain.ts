/**
 * Explanation: from the fact that a key is not linearizable to a witness that a person can read.
 *
 * A few operations, confirmed by separate code to be impossible on their own, a class and a
 * sentence. It never changes the verdict. Resumable: yields the steps it took.
 */
import { bruteForceOperationsMax, linearizeByBruteForce } from './brute-force.ts';
import { columnsOf, operationAt, operationsOf } from './columns.ts';
import { describeMutation } from './describe-operation.ts';
import type { Operation } from './history.ts';
import type { Finding, Model, SearchLimits } from './model.ts';
import type { KeyHistory } from './partition.ts';
import { reduceToCore } from './reduce.ts';
import { Search, type SearchOutcome } from './search/search.ts';
import type { Witness } from './verdict.ts';

export interface Violation {
  readonly part: KeyHistory;
  readonly model: Model;
  /** What the fast algorithm found; null when the search did. */
  readonly finding: Finding | null;
  /** The return that no order gets beyond, as far as the search knows. */
  readonly stuckAt: number | null;
  readonly shouldStop: SearchLimits['shouldStop'];
}

const confirmationStepsMax = 200_000;
const confirmationBytesMax = 256 << 20;
const bruteForceAttemptsMax = 2_000_000;

/** The witness of a key that is known not to be linearizable. */
export function* explainViolation(violation: Violation): Generator<number, Witness> {
  const { part, finding } = violation;
  if (finding !== null) {
    const witness = confirm(violation, finding);
    yield confirmationStepsMax;
    if (witness.confirmedBy !== null) return witness;
    // The verdict stands, the core does not: fall back to one that the search reduces.
    const core = yield* reduce(violation, operationsOf(part.columns));
    return confirm(violation, { ...finding, core });
  }
  const core = yield* reduce(violation, prefixOf(violation));
  const witness = confirm(violation, describeCore(violation, core));
  return { ...witness, operations: withReturns(witness.operations, part) };
}

function* reduce(
  { model, shouldStop }: Violation,
  operations: readonly Operation[],
): Generator<number, readonly Operation[]> {
  return yield* reduceToCore({ operations, model, shouldStop });
}

/**
 * What was invoked before the return that no order gets beyond; the rest can not matter. Who
 * returned later counts as open, for what it rests on may have been cut off.
 */
function prefixOf({ part, model, stuckAt }: Violation): readonly Operation[] {
  const operations = operationsOf(part.columns);
  if (stuckAt === null) return operations;
  return operations.flatMap((operation): Operation[] => {
    if (operation.call > stuckAt) return [];
    if (operation.return !== null && operation.return <= stuckAt) return [operation];
    if (model.isObserver(operation)) return [];
    return [{ ...operation, return: null, output: undefined }];
  });
}

/** The same operations as the history has them: it shows less freedom than they were given. */
function withReturns(core: readonly Operation[], { columns }: KeyHistory): readonly Operation[] {
  const ids = new Set(core.map((operation) => operation.id));
  const whole: Operation[] = [];
  for (let row = 0; row < columns.count; row += 1) {
    if (ids.has(columns.id[row] ?? 0)) whole.push(operationAt(columns, row));
  }
  return whole;
}

/** Few operations often have unique values where all of them had not: then they have a name. */
function describeCore(violation: Violation, core: readonly Operation[]): Finding {
  const { part, model } = violation;
  const { failed, columns } = part;
  const few = columnsOf(core, columns.tables.values);
  const result = model.fast?.({ columns: few, failed, context: columns });
  if (result?.type === 'invalid') return result.finding;
  const outcome = searchCore(core, model);
  const stuck = outcome.type === 'none' ? core[outcome.stuckRow] : undefined;
  const where =
    stuck === undefined ? '' : ` Every order is stuck before ${describeMutation(stuck)} returns.`;
  return {
    kind: 'not-linearizable',
    sentence:
      `No order of these ${core.length} operations, out of ${columns.count} on the key, ` +
      `keeps real time and gives each the answer it got.${where}`,
    core,
  };
}

function confirm({ part, model }: Violation, finding: Finding): Witness {
  const { core } = finding;
  const search = searchCore(core, model);
  const longest = search.type === 'none' ? [...search.longest] : [];
  return {
    key: part.key,
    kind: finding.kind,
    sentence: finding.sentence,
    operations: core,
    longestOrder: longest.flatMap((row) => core[row]?.id ?? []),
    confirmedBy: confirmedBy(core, model, search),
  };
}

function confirmedBy(
  core: readonly Operation[],
  model: Model,
  search: SearchOutcome,
): Witness['confirmedBy'] {
  if (core.length <= bruteForceOperationsMax) {
    const outcome = linearizeByBruteForce(core, model, bruteForceAttemptsMax);
    if (outcome.type === 'none') return 'brute-force';
    if (outcome.type === 'found') return null;
  }
  return search.type === 'none' ? 'search' : null;
}

function searchCore(core: readonly Operation[], model: Model): SearchOutcome {
  const search = new Search(columnsOf(core), model, {
    stepsMax: confirmationStepsMax,
    bytesMax: confirmationBytesMax,
    shouldStop: () => null,
  });
  return search.run(confirmationStepsMax + 1) ?? { type: 'stopped', reason: 'steps', position: 0 };
}
