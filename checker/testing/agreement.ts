/**
 * One history, judged by everything that can judge it: the naive check, the near-linear and the
 * guided algorithm, the general search with and without its reductions, and the whole checker.
 *
 * Throws a Disagreement when two of them differ, when an order does not replay, or when a core
 * that is said to be impossible is not.
 */
import { linearizeByBruteForce } from '../brute-force.ts';
import type { Operation } from '../history.ts';
import {
  defineModel,
  type FastResult,
  type GuidedResult,
  type Model,
  replayByStep,
  type SearchLimits,
} from '../model.ts';
import { replayOrder } from '../replay.ts';
import { Search, type SearchOutcome } from '../search/search.ts';
import { checkWhole, columnsOfRecords, type Records } from './check-whole.ts';
import { isLinearizableWithMemory } from './remembering-check.ts';

/** Two algorithms differ, so at least one of them is wrong. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

export interface Opinion {
  readonly isLinearizable: boolean;
  /** The first of the checker's stages that knew. */
  readonly decidedBy: 'fast' | 'guided' | 'search';
}

const naiveAttemptsMax = 3000;
const unlimited: SearchLimits = {
  stepsMax: Number.POSITIVE_INFINITY,
  bytesMax: Number.POSITIVE_INFINITY,
  shouldStop: () => null,
};

/** Up to 30 operations. `variant` is any number: it chooses what else the search is tried with. */
export function compareAlgorithms(model: Model, records: Records, variant: number): Opinion {
  const { operations } = records;
  const truth = isLinearizable(operations, model);
  const fast = runFast(model, records);
  judgeResult({ name: 'near-linear', model, records, result: fast, truth });
  // As in the checker: only where the near-linear one could not tell.
  const isOpen = fast === null || fast.type === 'undecided';
  const guided = isOpen ? runGuided(model, records, unlimited) : null;
  judgeResult({ name: 'guided', model, records, result: guided, truth });
  judgeSearch({ name: 'search', model, records, truth });
  const other = searchVariants[variant % searchVariants.length];
  if (other !== undefined) {
    judgeSearch({ name: other.name, model: other.change(model), records, truth });
  }
  judgeVerdict({ name: 'checker', model, records, truth });
  if (variant % 4 === 0) {
    const general = withoutAlgorithms(model);
    judgeVerdict({ name: 'checker by search', model: general, records, truth });
  }
  return { isLinearizable: truth, decidedBy: stageOf(fast, guided) };
}

/** The naive check, and where it takes too long the same with a memory. */
function isLinearizable(operations: readonly Operation[], model: Model): boolean {
  const naive = linearizeByBruteForce(operations, model, naiveAttemptsMax);
  if (naive.type !== 'undecided' && operations.length > 5) return naive.type === 'found';
  const remembered = isLinearizableWithMemory(operations, model);
  if (naive.type !== 'undecided' && remembered !== (naive.type === 'found')) {
    throw new Disagreement(`the naive check says ${naive.type}, with a memory ${remembered}`);
  }
  return remembered;
}

export function runFast(model: Model, records: Records): FastResult | null {
  return model.fast?.(columnsOfRecords(records)) ?? null;
}

/** The guided algorithm to its end; null when the model has none. */
function runGuided(model: Model, records: Records, limits: SearchLimits): GuidedResult | null {
  const work = model.guided?.(columnsOfRecords(records), limits);
  if (work === undefined) return null;
  for (;;) {
    const next = work.next();
    if (next.done === true) return next.value;
  }
}

export function runSearch(model: Model, records: Records, limits: SearchLimits): SearchOutcome {
  const search = new Search(columnsOfRecords(records).columns, model, limits);
  for (;;) {
    const outcome = search.run(1_000_000);
    if (outcome !== null) return outcome;
  }
}

/** The model with nothing but what a person must write, and the keys of its states. */
export function bareModel(model: Model): Model {
  const { name, functions, init, step, stateKey } = model;
  return defineModel({ name, functions, init, step, stateKey });
}

function withoutAlgorithms(model: Model): Model {
  const { fast: _fast, guided: _guided, ...general } = model;
  return general;
}

interface SearchVariant {
  readonly name: string;
  change(model: Model): Model;
}

/** What the search may not depend on. */
const searchVariants: readonly SearchVariant[] = [
  { name: 'search of the bare model', change: bareModel },
  {
    name: 'search without canonical values',
    change: ({ canonical: _canonical, ...rest }) => rest,
  },
  {
    name: 'search without observers',
    change: (model) => ({ ...model, isObserver: () => false }),
  },
];

interface Judged {
  readonly name: string;
  readonly model: Model;
  readonly records: Records;
  readonly truth: boolean;
}

function judgeResult(judged: Judged & { readonly result: GuidedResult | null }): void {
  const { name, model, records, truth, result } = judged;
  if (result === null || result.type === 'undecided') return;
  if (result.type === 'stopped') throw new Disagreement(`${name} stopped without any limit`);
  if ((result.type === 'valid') !== truth) {
    throw new Disagreement(`${name} says ${result.type}, the naive check ${truth}`);
  }
  if (result.type === 'valid') judgeOrder({ model, records, order: result.order });
  else judgeCore({ name, model, records, core: result.finding.core });
}

function judgeSearch({ name, model, records, truth }: Judged): void {
  const outcome = runSearch(model, records, unlimited);
  if (outcome.type === 'stopped' || (outcome.type === 'found') !== truth) {
    throw new Disagreement(`${name} says ${outcome.type}, the naive check ${truth}`);
  }
  if (outcome.type === 'found') judgeOrder({ model, records, order: outcome.order });
}

function judgeVerdict({ name, model, records, truth }: Judged): void {
  const verdict = checkWhole({ ...records, model });
  if (verdict.valid !== truth) {
    throw new Disagreement(`${name} says ${verdict.valid}, the naive check ${truth}`);
  }
  if (verdict.valid !== false) return;
  const { witness } = verdict;
  if (witness.confirmedBy === null) throw new Disagreement(`${name}: a witness not confirmed`);
  judgeCore({ name: `${name} (${witness.kind})`, model, records, core: witness.operations });
}

/** By the model's own quick replay, and by its step. */
function judgeOrder(judged: {
  readonly model: Model;
  readonly records: Records;
  readonly order: Uint32Array;
}): void {
  const { model, records, order } = judged;
  const { columns } = columnsOfRecords(records);
  replayOrder(columns, order, model);
  replayOrder(columns, order, { ...model, replayer: (rows) => replayByStep(rows, model) });
}

/** Operations of the history, perhaps with their return left out, that cannot be ordered. */
function judgeCore(judged: {
  readonly name: string;
  readonly model: Model;
  readonly records: Records;
  readonly core: readonly Operation[];
}): void {
  const { name, model, records, core } = judged;
  const known = new Map(records.operations.map((operation) => [operation.id, operation]));
  for (const operation of core) {
    const original = known.get(operation.id);
    if (original?.call === operation.call && original.f === operation.f) continue;
    throw new Disagreement(`${name}: operation ${operation.id} of the core is not in the history`);
  }
  if (new Set(core.map(({ id }) => id)).size < core.length) {
    throw new Disagreement(`${name}: an operation stands twice in the core`);
  }
  if (!isLinearizable(core, model)) return;
  throw new Disagreement(`${name}: its core can be ordered: ${JSON.stringify(core)}`);
}

function stageOf(fast: FastResult | null, guided: GuidedResult | null): Opinion['decidedBy'] {
  if (fast !== null && fast.type !== 'undecided') return 'fast';
  if (guided !== null && guided.type !== 'undecided') return 'guided';
  return 'search';
}
