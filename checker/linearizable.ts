/**
 * The checker: a paired history in, a verdict out. [HW90]
 *
 * Synchronous and resumable: it does nothing unless stepped, knows no clock, and asks the injected
 * `shouldStop` inside every search. Key by key: the model's near-linear algorithm first, for all
 * keys, then the general search where that one could not decide. A search that was stopped is
 * `unknown`; nothing turns it into a pass.
 */

import { type Columns, neverReturned, selectRows } from './columns.ts';
import { explainViolation } from './explain.ts';
import type { FastResult, Finding, GuidedResult, Model, SearchLimits } from './model.ts';
import { HistoryError } from './pairing.ts';
import {
  type KeyHistory,
  type KeyRows,
  mergeVerdicts,
  partitionByKey,
  partitionByModel,
  selectPart,
} from './partition.ts';
import { replayOrder } from './replay.ts';
import { Search, type SearchOutcome } from './search/search.ts';
import type { InvalidVerdict, UnknownReason, UnknownVerdict, Verdict } from './verdict.ts';

export interface CheckerOptions {
  /** The operations, sorted by invocation; `columnsOf` makes them out of records. */
  readonly columns: Columns;
  /** Operations that definitely did not happen. */
  readonly failed?: Columns;
  readonly model: Model;
  /** Those that are checked; all when left out. */
  readonly keys?: readonly (string | null)[];
  /** Steps of the search for each key. */
  readonly searchStepsMax?: number;
  /** Estimated bytes of one search; searches run one after the other. */
  readonly bytesMax?: number;
  /** A reason to end with what is known; null to go on. */
  shouldStop?(): UnknownReason | null;
}

/** Goes on for about that many steps; null while there is more to do. */
export interface Stepped<T> {
  step(budget: number): T | null;
}

export type LinearizabilityChecker = Stepped<Verdict>;

/** What the near-linear algorithms alone could say. */
export interface FastVerdicts {
  /** Of keys that were decided or stopped; all keys when there is a violation. */
  readonly verdicts: readonly Verdict[];
  /** The other keys: they take a search. */
  readonly undecided: readonly (string | null)[];
}

/** Throws a HistoryError when an operation is not one that the model knows. */
export function createChecker(options: CheckerOptions): LinearizabilityChecker {
  return stepped(checkKeys(prepare(options)));
}

/** The same without any search, for whoever searches elsewhere. */
export function createFastChecker(options: CheckerOptions): Stepped<FastVerdicts> {
  return stepped(checkKeysFast(prepare(options)));
}

function prepare(options: CheckerOptions): Work {
  const { columns, model } = options;
  checkFitsModel(columns, model);
  return {
    parts: partitionByKey(columns, options.failed ?? selectRows(columns, []), options.keys),
    model,
    searchStepsMax: options.searchStepsMax ?? Number.POSITIVE_INFINITY,
    bytesMax: options.bytesMax ?? Number.POSITIVE_INFINITY,
    shouldStop: options.shouldStop?.bind(options) ?? ((): null => null),
  };
}

function stepped<T>(work: Generator<number, T>): Stepped<T> {
  let result: T | null = null;
  return {
    step: (budget: number): T | null => {
      for (let left = budget; left > 0 && result === null; ) {
        const next = work.next();
        if (next.done === true) result = next.value;
        else left -= Math.max(1, next.value);
      }
      return result;
    },
  };
}

/** Throws a HistoryError at the first operation that the model does not know. */
export function checkFitsModel(columns: Columns, model: Model): void {
  const { functions } = columns.tables;
  const isKnown = functions.map((name) => model.functions.includes(name));
  for (let row = 0; row < columns.count; row += 1) {
    const f = columns.f[row] ?? 0;
    if (isKnown[f] === true) continue;
    throw new HistoryError(
      columns.id[row] ?? 0,
      `the model ${model.name} knows ${model.functions.join(', ')}, not ${functions[f]}`,
    );
  }
  const bad = model.findBad(columns);
  if (bad === null) return;
  // The answer is in the completion's line, the argument in the invocation's.
  const id = columns.id[bad.row] ?? 0;
  throw new HistoryError(id, `operation ${id}: ${bad.message}`);
}

interface Work {
  readonly parts: readonly KeyRows[];
  readonly model: Model;
  readonly searchStepsMax: number;
  readonly bytesMax: number;
  shouldStop(): UnknownReason | null;
}

/** Bytes that the columns of the near-linear algorithms need for an operation. */
const fastBytesPerOperation = 120;
const searchStepsPerSlice = 1000;

function* checkKeys(work: Work): Generator<number, Verdict> {
  const { verdicts, undecided } = yield* decideFast(work);
  // The fewest operations first: a violation there is the easiest to find and to read.
  undecided.sort((a, b) => a.columns.count - b.columns.count);
  let isViolated = verdicts.some((verdict) => verdict.valid === false);
  for (const part of undecided) {
    // One violation decides the history; searching on would only cost.
    const verdict = isViolated
      ? unknownVerdict(sizeOf(part), 'interrupted', 0)
      : yield* searchKey(work, part);
    verdicts.push(verdict);
    isViolated = isViolated || verdict.valid === false;
  }
  return mergeVerdicts(verdicts);
}

function* checkKeysFast(work: Work): Generator<number, FastVerdicts> {
  const { verdicts, undecided } = yield* decideFast(work);
  if (verdicts.some((verdict) => verdict.valid === false)) {
    verdicts.push(...undecided.map((part) => unknownVerdict(sizeOf(part), 'interrupted', 0)));
    return { verdicts, undecided: [] };
  }
  // What is known of a part of a key goes when the key is looked at again.
  const keys = new Set(undecided.map(({ key }) => key));
  return { verdicts: verdicts.filter((verdict) => !isAbout(verdict, keys)), undecided: [...keys] };
}

function isAbout(verdict: Verdict, keys: ReadonlySet<string | null>): boolean {
  const own =
    verdict.valid === true ? verdict.linearizations : verdict.keys.map((key) => ({ key }));
  return own.some(({ key }) => keys.has(key));
}

interface FastWork {
  readonly verdicts: Verdict[];
  readonly undecided: KeyHistory[];
}

/** The near-linear algorithms, for all keys before anything else. */
function* decideFast(work: Work): Generator<number, FastWork> {
  const found: FastWork = { verdicts: [], undecided: [] };
  for (const { key, operations, select } of work.parts) {
    const stop = reasonToStop(work, operations);
    if (stop !== null) {
      found.verdicts.push(unknownVerdict({ key, operations }, stop, 0));
      continue;
    }
    const part = select();
    const verdict = yield* checkFast(work, part);
    if (verdict === null) yield* divide(work, part, found);
    else found.verdicts.push(verdict);
  }
  return found;
}

/** What the near-linear algorithm says; null when it cannot decide. */
function* checkFast(work: Work, part: KeyHistory): Generator<number, Verdict | null> {
  const { columns, failed } = part;
  const stop = reasonToStop(work, columns.count);
  if (stop !== null) return unknownVerdict(sizeOf(part), stop, 0);
  const result: FastResult = work.model.fast?.({ columns, failed }) ?? noFastAlgorithm;
  yield columns.count;
  switch (result.type) {
    case 'valid':
      return validVerdict(part, result.order, work.model);
    case 'invalid':
      return yield* invalidVerdict(work, part, { finding: result.finding });
    case 'undecided':
      return null;
    default:
      return assertNever(result);
  }
}

/** A key that was not decided as a whole: part by part, where the model knows of any. */
function* divide(
  work: Work,
  whole: KeyHistory,
  { verdicts, undecided }: FastWork,
): Generator<number, void> {
  const groups = partitionByModel(whole, work.model);
  if (groups === null) {
    undecided.push(whole);
    return;
  }
  for (const rows of groups) {
    const part = selectPart(whole, rows);
    const verdict = yield* checkFast(work, part);
    if (verdict === null) undecided.push(part);
    else verdicts.push(verdict);
    if (verdict?.valid === false) return;
  }
}

const noFastAlgorithm: FastResult = {
  type: 'undecided',
  reason: 'the model has no near-linear algorithm',
};

function reasonToStop(work: Work, operations: number): UnknownReason | null {
  if (operations * fastBytesPerOperation > work.bytesMax) return 'memory';
  return work.shouldStop();
}

function* searchKey(work: Work, part: KeyHistory): Generator<number, Verdict> {
  const stop = reasonToStop(work, part.columns.count);
  if (stop !== null) return unknownVerdict(sizeOf(part), stop, 0);
  const limits: SearchLimits = {
    stepsMax: work.searchStepsMax,
    bytesMax: work.bytesMax,
    shouldStop: () => work.shouldStop(),
  };
  const { columns, failed } = part;
  const guided: GuidedResult =
    work.model.guided === undefined
      ? noFastAlgorithm
      : yield* work.model.guided({ columns, failed }, limits);
  switch (guided.type) {
    case 'valid':
      return validVerdict(part, guided.order, work.model);
    case 'invalid':
      return yield* invalidVerdict(work, part, { finding: guided.finding });
    case 'stopped':
      return unknownVerdict(sizeOf(part), guided.reason, guided.position);
    case 'undecided':
      return yield* searchGenerally(work, part, limits);
    default:
      return assertNever(guided);
  }
}

function* searchGenerally(
  work: Work,
  part: KeyHistory,
  limits: SearchLimits,
): Generator<number, Verdict> {
  const search = new Search(part.columns, work.model, limits);
  let outcome: SearchOutcome | null = null;
  while (outcome === null) {
    const before = search.steps;
    outcome = search.run(searchStepsPerSlice);
    yield search.steps - before;
  }
  switch (outcome.type) {
    case 'found':
      return validVerdict(part, outcome.order, work.model);
    case 'none': {
      const end = part.columns.return[outcome.stuckRow] ?? neverReturned;
      return yield* invalidVerdict(work, part, { stuckAt: end === neverReturned ? null : end });
    }
    case 'stopped':
      return unknownVerdict(sizeOf(part), outcome.reason, outcome.position);
    default:
      return assertNever(outcome);
  }
}

/** `order` holds rows; the verdict holds ids, replayed by code that knows only the model. */
function validVerdict(part: KeyHistory, order: Uint32Array, model: Model): Verdict {
  const { columns } = part;
  replayOrder(columns, order, model);
  return {
    valid: true,
    operations: columns.count,
    linearizations: [{ key: part.key, order: order.map((row) => columns.id[row] ?? 0) }],
  };
}

function* invalidVerdict(
  work: Work,
  part: KeyHistory,
  known: { readonly finding?: Finding; readonly stuckAt?: number | null },
): Generator<number, InvalidVerdict> {
  const witness = yield* explainViolation({
    part,
    model: work.model,
    finding: known.finding ?? null,
    stuckAt: known.stuckAt ?? null,
    shouldStop: () => work.shouldStop(),
  });
  return { valid: false, operations: part.columns.count, witness, keys: [part.key] };
}

/** What makes a history easier to decide, for whoever records the next one. */
const easier =
  'record what is easier to decide: fewer operations on a key, values that are written only ' +
  'once, compare-and-sets that tell the value which they saw, fewer clients at a time';

const unknownMessages: Readonly<Record<UnknownReason, string>> = {
  vacuous: 'no operation completed, so nothing was checked',
  time: `the time limit was reached; allow more time, or ${easier}`,
  memory: `the memory limit was reached; allow more memory, or ${easier}`,
  steps: `the limit of search steps was reached; allow more steps, or ${easier}`,
  interrupted: 'the check was interrupted',
  crashed: 'the check crashed',
};

type Size = Pick<KeyRows, 'key' | 'operations'>;

function sizeOf({ key, columns }: KeyHistory): Size {
  return { key, operations: columns.count };
}

function unknownVerdict(
  { key, operations }: Size,
  reason: UnknownReason,
  position: number,
): UnknownVerdict {
  const name = key === null ? 'the history' : `key ${key}`;
  return {
    valid: 'unknown',
    operations,
    reason,
    key,
    keys: [key],
    position,
    message: `${name} is undecided beyond entry ${position}: ${unknownMessages[reason]}`,
  };
}

function assertNever(outcome: never): never {
  throw new Error(`unknown outcome ${JSON.stringify(outcome)}`);
}
