/**
 * The checker at work: a history from a file or from memory, within limits of time and memory.
 *
 * Small histories are checked here, in slices, so that a signal is heard; large ones with several
 * keys in worker threads. Trouble in the checker is `unknown`, never an exception and never a pass;
 * only a history that is malformed is thrown.
 */
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import type { Op } from '../../checker/history.ts';
import {
  type CheckerOptions,
  checkFitsModel,
  createChecker,
  createFastChecker,
  type Stepped,
} from '../../checker/linearizable.ts';
import type { Model } from '../../checker/model.ts';
import { HistoryError, pairHistory } from '../../checker/pairing.ts';
import { mergeVerdicts, partitionByKey } from '../../checker/partition.ts';
import type { UnknownVerdict, Verdict } from '../../checker/verdict.ts';
import { checkInWorkers, type KeySize } from './check-pool.ts';
import { asFileError, readHistoryFile } from './history-file.ts';
import { loadModel } from './load-model.ts';
import type { CheckableHistory } from './posted-history.ts';
import { createStopRule, reasonToStop, type StopRule, stopForSteps, stopNow } from './stop-rule.ts';

export interface CheckLimits {
  /** Name of a model, or the path of a file that exports one: as `loadModel` takes it. */
  readonly model: string;
  /** What a register begins with, when that is not null. */
  readonly initial?: unknown;
  readonly timeLimitMs: number;
  /** Of the search: a limit that is reached at the same point on each machine. Default none. */
  readonly stepsMax?: number;
  /** For what the searches store, estimated; all threads together. */
  readonly memoryLimitBytes: number;
  /** Ends the check with what is known. */
  readonly signal?: AbortSignal;
  /** From how many operations on worker threads are worth their start. */
  readonly workerOperationsMin?: number;
}

export type CheckRequest = CheckLimits &
  ({ readonly historyPath: string } | { readonly ops: Iterable<Op> });

const workerOperationsMinDefault = 20_000;
const stepsPerSlice = 10_000;

/**
 * Checks a whole history. Throws HistoryFileError for a file that is unreadable or malformed, and
 * HistoryError for malformed `ops`.
 */
export async function checkHistory(request: CheckRequest): Promise<Verdict> {
  if ('ops' in request) return checkOperations(pairHistory(request.ops), request);
  const { historyPath } = request;
  const history = await readHistoryFile(historyPath);
  try {
    return await checkOperations(history, request);
  } catch (error) {
    throw error instanceof HistoryError ? asFileError(historyPath, error) : error;
  }
}

/**
 * Checks operations that were paired. Throws HistoryError when the model does not know one, and
 * ModelError when there is no such model.
 */
export async function checkOperations(
  history: CheckableHistory,
  limits: CheckLimits,
): Promise<Verdict> {
  const model = await loadModel(limits.model, limits.initial);
  const rule = createStopRule(limits.timeLimitMs);
  const stop = (): void => stopNow(rule);
  if (limits.signal?.aborted === true) stop();
  limits.signal?.addEventListener('abort', stop);
  const here: Here = { history, model, limits, rule };
  try {
    checkFitsModel(history.columns, model);
    const keys = partitionByKey(history.columns, history.failed);
    const isLarge =
      history.columns.count >= (limits.workerOperationsMin ?? workerOperationsMinDefault);
    if (isLarge && keys.length > 1) return await searchInWorkers(here, keys);
    return await inSlices(createChecker(optionsOf(here)), here);
  } catch (error) {
    if (error instanceof HistoryError) throw error;
    return crashed(history, error);
  } finally {
    limits.signal?.removeEventListener('abort', stop);
  }
}

interface Here {
  readonly history: CheckableHistory;
  readonly model: Model;
  readonly limits: CheckLimits;
  readonly rule: StopRule;
}

/**
 * What is near-linear takes no longer than to hand the history to a thread: it is done here, and
 * only the keys that need a search go to threads.
 */
async function searchInWorkers(here: Here, keys: readonly KeySize[]): Promise<Verdict> {
  const { history, limits, rule } = here;
  const { verdicts, undecided } = await inSlices(createFastChecker(optionsOf(here)), here);
  if (undecided.length === 0) return mergeVerdicts(verdicts);
  const open = new Set(undecided);
  const searched = await checkInWorkers({
    history,
    keys: keys.filter(({ key }) => open.has(key)),
    limits,
    rule,
    workers: availableParallelism(),
  });
  return mergeVerdicts([...verdicts, searched]);
}

function optionsOf({ history, model, limits, rule }: Here): CheckerOptions {
  const { columns, failed } = history;
  const bytesMax = limits.memoryLimitBytes;
  return { columns, failed, model, bytesMax, shouldStop: () => reasonToStop(rule) };
}

/** Lets a signal through now and then. */
async function inSlices<T>(checker: Stepped<T>, { limits, rule }: Here): Promise<T> {
  const slicesMax = (limits.stepsMax ?? Number.POSITIVE_INFINITY) / stepsPerSlice;
  for (let slices = 1; ; slices++) {
    const result = checker.step(stepsPerSlice);
    if (result !== null) return result;
    if (slices >= slicesMax) stopForSteps(rule);
    await setImmediate();
  }
}

function crashed({ columns }: CheckableHistory, error: unknown): UnknownVerdict {
  const words = error instanceof Error ? error.message : String(error);
  return {
    valid: 'unknown',
    operations: columns.count,
    reason: 'crashed',
    key: null,
    keys: columns.tables.keys.length === 0 ? [null] : columns.tables.keys,
    position: 0,
    message: `the check crashed: ${words}`,
  };
}
