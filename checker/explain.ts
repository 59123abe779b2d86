/**
 * Explanation: from the fact that a key is not linearizable to a witness that a person can read.
 *
 * A few operations, confirmed by separate code to be impossible on their own, a class and a
 * sentence. It never changes the verdict. Resumable: yields the steps it took.
 */
import { bruteForceOperationsMax, linearizeByBruteForce } from './brute-force.ts';
import { classifyCore } from './classify.ts';
import { type Columns, columnsOf, neverReturned, operationAt } from './columns.ts';
import { describeOperation } from './describe-operation.ts';
import type { Operation } from './history.ts';
import type { Finding, Model, SearchLimits } from './model.ts';
import type { KeyHistory } from './partition.ts';
import { type Core, reduceToCore } from './reduce.ts';
import { replayOrder } from './replay.ts';
import { Search, type SearchOutcome } from './search/search.ts';
import type { Witness } from './verdict.ts';
import { asOpen } from './witness-dependencies.ts';
import { describeStuck, statesAtEnd } from './witness-stuck.ts';
import { findSupport } from './witness-support.ts';
import { countBefore, findWriter, rowsOfIds, windowBefore } from './witness-window.ts';
import { outcomeOf, stateSentence } from './witness-words.ts';

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
/** The first stretch that is looked at, how much longer the next is, and the longest of all. */
const windowFirst = 32;
const windowGrowth = 4;
const windowMax = 1 << 17;
/** Writers that are added only to be shown. */
const shownWritersMax = 8;
/** A core of more operations than that is left as the algorithm found it. */
const shrinkMax = 64;

/** One part of the checker says that there is no order, another has found one. */
export class ContradictionError extends Error {
  constructor(rows: number) {
    super(`an order was found of ${rows} operations that are said to have none`);
    this.name = 'ContradictionError';
  }
}

/**
 * The witness of a key that is known not to be linearizable. Throws a ContradictionError when no
 * few operations could be confirmed, and an order of all of them turns up: the checker is wrong.
 */
export function* explainViolation(violation: Violation): Generator<number, Witness> {
  const witness = yield* findWitness(violation);
  if (witness.confirmedBy === null) refute(violation);
  return witness;
}

/** Looks for an order by the model's step alone, and has it replayed. */
function refute({ part: { columns }, model }: Violation): void {
  const search = searchPlainly(columns, model);
  if (search.type !== 'found') return;
  replayOrder(columns, search.order, model);
  throw new ContradictionError(columns.count);
}

function* findWitness(violation: Violation): Generator<number, Witness> {
  const { finding } = violation;
  if (finding !== null) {
    const witness = confirm(violation, yield* shrink(violation, finding));
    yield confirmationStepsMax;
    if (witness.confirmedBy !== null) return witness;
    // The verdict stands, the core does not: fall back to one that the search reduces.
  }
  const core = yield* findCore(violation);
  if (core === null) return confirm(violation, { finding: unexplained(violation) });
  return describeCore(violation, core);
}

/** What is said of a core, and of which of its operations only the invocation matters. */
interface Explained {
  readonly finding: Finding;
  readonly openEnded?: ReadonlySet<number>;
}

/** Spares what a fast algorithm's core does not need, if the words for what is left are as good. */
function* shrink(violation: Violation, finding: Finding): Generator<number, Explained> {
  const { core } = finding;
  const { part, model, shouldStop } = violation;
  // Without `touches` what is left out may help, and words for what is left would not count it.
  const isKnown = model.touches !== undefined;
  if (!isKnown || core.length < 2 || core.length > shrinkMax) return { finding };
  const reduced = yield* reduceToCore({ universe: core, isWhole: true, model, shouldStop });
  if (reduced === null) return { finding };
  const { openEnded } = reduced;
  const kept = new Set(reduced.operations.map(({ id }) => id));
  const operations = core.filter(({ id }) => kept.has(id));
  if (operations.length === core.length) return { finding, openEnded };
  if (reduced.isFreed) return { finding };
  const { columns, failed } = part;
  const few = columnsOf(operations, columns.tables.values);
  const again = model.fast?.({ columns: few, failed, context: columns });
  const isAsGood =
    again?.type === 'invalid' &&
    again.finding.kind === finding.kind &&
    again.finding.core.length < core.length;
  return isAsGood ? { finding: again.finding, openEnded } : { finding };
}

/** The smallest stretch before the stuck return that has no order, reduced. */
function* findCore(violation: Violation): Generator<number, Core | null> {
  const { part, model, shouldStop } = violation;
  const { columns } = part;
  const position = violation.stuckAt ?? neverReturned;
  const count = countBefore(columns, position);
  // Without `touches` all that came before may matter, so there is but one stretch.
  const isGeneral = model.touches === undefined;
  for (let size = isGeneral ? windowMax : windowFirst; ; size *= windowGrowth) {
    if (size > windowMax || (isGeneral && count > windowMax) || shouldStop() !== null) return null;
    const window = windowBefore(columns, { position, size, model });
    const { operations: universe, isWhole } = window;
    const core = yield* reduceToCore({ universe, isWhole, model, shouldStop });
    if (core !== null) return core;
    if (!isWhole) continue;
    // Too much for one trial; but the search has found it impossible, so it stands as it is.
    return count > shrinkMax
      ? null
      : { operations: universe, openEnded: new Set(), isFreed: false, helpers: [] };
  }
}

/** No few operations were found: the one that cannot be reached speaks for all. */
function unexplained({ part, stuckAt }: Violation): Finding {
  const { columns } = part;
  const rows = stuckAt === null ? [] : Array.from(columns.return, (end) => end === stuckAt);
  const row = rows.indexOf(true);
  const core = row < 0 ? [] : [operationAt(columns, row)];
  const where = core.map((stuck) => ` No order gets beyond ${describeOperation(stuck)}.`);
  return {
    kind: 'not-linearizable',
    sentence:
      `No order of the ${columns.count} operations keeps real time and gives each the answer it ` +
      `got.${where.join('')} Fewer operations that show it were not found within the limits.`,
    core,
  };
}

/** Few operations often have unique values where all of them had not: then they have a name. */
function describeCore(violation: Violation, core: Core): Witness {
  const { part, model } = violation;
  const { failed, columns } = part;
  const support = findSupport({ core: core.operations, helpers: core.helpers, model });
  const supporters = core.helpers.filter(({ id }) => support.has(id));
  const found = asRecorded([...core.operations, ...supporters], part);
  const operations = withWriters(found, violation);
  const cut = core.operations.filter(({ id, return: end }) => {
    return end === null && operations.some((other) => other.id === id && other.return !== null);
  });
  const cutIds = new Set(cut.map(({ id }) => id));
  const openEnded = new Set([...core.openEnded, ...cutIds]);
  // What an operation found is no fact to speak of if what it rests on may have been left out.
  const unsure = core.isFreed ? openEnded : cutIds;
  const sure = operations.map((operation) =>
    unsure.has(operation.id) ? asOpen(operation) : operation,
  );
  const few = columnsOf(sure, columns.tables.values);
  // What it says of nobody, or of how often, it must be able to say of the whole history.
  const isInformed = model.touches !== undefined || operations.length === columns.count;
  const fast =
    core.isFreed || !isInformed
      ? undefined
      : model.fast?.({ columns: few, failed, context: columns });
  if (fast?.type === 'invalid') {
    const finding = { ...fast.finding, core: asRecorded(fast.finding.core, part) };
    const witness = confirm(violation, { finding, openEnded });
    if (witness.confirmedBy !== null) return witness;
  }
  const named = classifyCore(sure, { model, columns, failed });
  const finding = named ?? describeGenerally(operations, violation);
  return confirm(violation, { finding: { ...finding, core: operations }, openEnded });
}

/** Adds for each value that was seen somebody who wrote it, though it be too early or too late. */
function withWriters(core: readonly Operation[], { part, model }: Violation): Operation[] {
  const shown = [...core];
  if (model.touches === undefined) return shown;
  const initial = model.stateKey(model.init);
  let added = 0;
  for (const operation of shown) {
    const { sees } = model.touches(operation);
    if (sees === null || sees === initial || added >= shownWritersMax) continue;
    const isShown = shown.some(
      (other) => other !== operation && model.touches?.(other).writes === sees,
    );
    const writer = isShown ? null : findWriter(part.columns, operation, model);
    if (writer === null) continue;
    shown.push(writer);
    added += 1;
  }
  return shown.sort((a, b) => a.call - b.call);
}

/** The same operations as the history has them: it shows less freedom than they were given. */
function asRecorded(core: readonly Operation[], { columns }: KeyHistory): Operation[] {
  const ids = new Set(core.map((operation) => operation.id));
  return rowsOfIds(columns, ids).map((row) => operationAt(columns, row));
}

function describeGenerally(
  core: readonly Operation[],
  { part, model }: Violation,
): Omit<Finding, 'core'> {
  const end = statesAtEnd(core, model);
  const states = end?.states ?? [];
  const when = core.length > 1 ? 'However they are ordered, when' : 'When';
  const where =
    end === null || states.length === 0
      ? ''
      : ` ${when} ${describeOperation(end.stuck)} must come, which ` +
        `${outcomeOf(end.stuck)}, ${stateSentence(states.join(' or '), model)}.`;
  return { kind: 'not-linearizable', sentence: `${noOrder(core, part)}${where}` };
}

function noOrder(core: readonly Operation[], { columns: { count } }: KeyHistory): string {
  const [only] = core;
  if (only === undefined || core.length > 1) {
    return (
      `No order of these ${core.length} operations, out of ${count} on the key, keeps real time ` +
      'and gives each the answer it got, whatever the others did.'
    );
  }
  const others = count === 1 ? 'the only operation on the key' : `out of ${count} on the key`;
  return `${describeOperation(only)}, ${others}, cannot have had the answer it got.`;
}

function confirm({ part, model }: Violation, { finding, openEnded }: Explained): Witness {
  const { core } = finding;
  const search = searchPlainly(columnsOf(core), model);
  const longest = search.type === 'none' ? [...search.longest] : [];
  const order = longest.flatMap((row) => core[row]?.id ?? []);
  return {
    key: part.key,
    kind: finding.kind,
    sentence: finding.sentence,
    operations: core,
    ...describeStuck(core, order, model),
    openEnded: core.flatMap(({ id }) => (openEnded?.has(id) === true ? [id] : [])),
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

/** Without what only makes it faster, so that no more than the search itself is to be trusted. */
function searchPlainly(columns: Columns, model: Model): SearchOutcome {
  const { canonical: _, ...exact } = model;
  const search = new Search(columns, exact, {
    stepsMax: confirmationStepsMax,
    bytesMax: confirmationBytesMax,
    shouldStop: () => null,
  });
  return search.run(confirmationStepsMax + 1) ?? { type: 'stopped', reason: 'steps', position: 0 };
}
