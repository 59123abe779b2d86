/**
 * Follows a history.jsonl while it is written, up to the first violation or to its end.
 *
 * Prefixes are checked on the way; the verdict at the end comes from a check of the whole, as
 * for a file that was complete from the beginning.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { HistoryError } from '../../checker/pairing.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { type CheckLimits, checkOperations } from './check-history.ts';
import { GrowingCheck, type GrowingProgress } from './follow-check.ts';
import { FileSource, StreamSource } from './follow-file.ts';
import { followGrowth } from './follow-growth.ts';
import {
  asFileError,
  type HistoryFile,
  HistoryFileError,
  JsonLinesReader,
} from './history-file.ts';
import { loadModel } from './load-model.ts';

export interface FollowRequest {
  /** A file, there or not yet; or a stream, which ends by itself. */
  readonly from: string | Readable;
  readonly limits: Omit<CheckLimits, 'signal'>;
  /** Ends the following: what is there gets its verdict. */
  readonly stop: AbortSignal;
  /** Ends it when nothing was written for so long; null: never for that reason. */
  readonly idleLimitMs: number | null;
  onProgress(progress: GrowingProgress): void;
  onMissing(): void;
}

export interface Followed {
  readonly history: HistoryFile;
  readonly verdict: Verdict;
  /** True when a violation ended it before the history did. */
  readonly stoppedEarly: boolean;
}

/** Throws HistoryFileError for a history that is unreadable or malformed. */
export async function followHistory(request: FollowRequest): Promise<Followed> {
  const { from, limits, stop, onProgress } = request;
  const path = typeof from === 'string' ? from : 'the input';
  const reader = new JsonLinesReader(path);
  const onBytes = (bytes: Buffer): void => reader.addBytes(bytes);
  const source =
    typeof from === 'string'
      ? new FileSource({
          ...request,
          path,
          signal: stop,
          onBytes,
          isComplete: () => isJudged(path),
        })
      : new StreamSource(from, stop, onBytes);
  const { builder } = reader;
  const model = await loadModel(limits.model, limits.initial);
  const bytesMax = limits.memoryLimitBytes;
  const shouldStop = (): 'interrupted' | null => (stop.aborted ? 'interrupted' : null);
  const check = new GrowingCheck({ builder, model, bytesMax, shouldStop });
  try {
    const found = await followGrowth(check, source, onProgress);
    if (found !== null) {
      const history = { ...builder.finish(), lines: builder.lines, notes: [] };
      return { history, verdict: found, stoppedEarly: true };
    }
    if (typeof from === 'string' && builder.lines === 0 && !existsSync(from)) {
      throw new HistoryFileError('unreadable', `there is no ${from}`);
    }
    const history = reader.finish();
    const verdict = await checkWhole(history, request);
    return { history, verdict, stoppedEarly: false };
  } catch (error) {
    throw error instanceof HistoryError ? asFileError(path, error) : error;
  } finally {
    await source.close();
  }
}

/** After a Ctrl-C somebody waits: what a few seconds do not decide is unknown. */
const graceMs = 3000;

async function checkWhole(history: HistoryFile, request: FollowRequest): Promise<Verdict> {
  const { limits, stop } = request;
  if (!stop.aborted) return checkOperations(history, limits);
  const timeLimitMs = Math.min(limits.timeLimitMs, graceMs);
  const verdict = await checkOperations(history, { ...limits, timeLimitMs });
  if (verdict.valid !== 'unknown' || verdict.reason !== 'time') return verdict;
  return { ...verdict, reason: 'interrupted', message: 'the check was interrupted' };
}

/** A run of `rafture test` writes its results when its history has ended. */
function isJudged(historyPath: string): boolean {
  const folder = dirname(historyPath);
  return existsSync(join(folder, 'test.json')) && existsSync(join(folder, 'results.json'));
}
