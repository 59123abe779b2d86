/**
 * One row of `npm run bench:checker`, in a process of its own so that the peak of memory is its
 * own: generates a history, checks it, and prints one line of JSON.
 */

import { type Columns, selectRows } from '../../checker/columns.ts';
import { createChecker } from '../../checker/linearizable.ts';
import type { Model } from '../../checker/model.ts';
import { findModel } from '../../checker/models/registry.ts';
import { generateRegisterColumns } from '../../checker/testing/generate-register-columns.ts';
import type { Verdict } from '../../checker/verdict.ts';
import type { BenchRow } from './checker-families.ts';

const rowLimitMs = 60_000;
const memoryLimitBytes = 4 << 28;

interface CheckableColumns {
  readonly columns: Columns;
  readonly failed: Columns;
}

export interface RowFigures {
  readonly ms: number;
  readonly peakMegabytes: number;
  readonly verdict: boolean | 'unknown';
  /** Class of the violation, or why it is unknown. */
  readonly detail: string;
  /** Of an invalid verdict: how it was confirmed. */
  readonly confirmedBy: string | null;
}

export type RowRequest =
  | { readonly type: 'check'; readonly row: BenchRow }
  | { readonly type: 'read'; readonly path: string }
  /** Public histories, one after the other: a folder of etcd's, or a file of Porcupine's. */
  | { readonly type: 'public'; readonly model: string; readonly path: string };

async function measure(request: RowRequest): Promise<RowFigures> {
  if (request.type === 'read') {
    const { readHistoryFile } = await import('../check/history-file.ts');
    const startMs = performance.now();
    const { columns } = await readHistoryFile(request.path);
    const ms = performance.now() - startMs;
    const detail = `${columns.count} operations`;
    return { ms, peakMegabytes: peak(), verdict: true, detail, confirmedBy: null };
  }
  if (request.type === 'public') return await measurePublic(request.model, request.path);
  const { run, model } = request.row;
  const columns = generateRegisterColumns(run);
  const check = await prepareCheck(columns, model);
  const startMs = performance.now();
  const verdict = await check();
  const ms = performance.now() - startMs;
  const figures = { ms, peakMegabytes: peak(), verdict: verdict.valid, confirmedBy: null };
  if (verdict.valid === true) return { ...figures, detail: '' };
  if (verdict.valid === 'unknown') return { ...figures, detail: verdict.reason };
  const { kind, operations, confirmedBy } = verdict.witness;
  return { ...figures, detail: `${kind}, ${operations.length} operations`, confirmedBy };
}

/** Check time alone; the verdict is true when all verdicts are those that are known. */
async function measurePublic(name: string, path: string): Promise<RowFigures> {
  const { readEtcdHistories, readKvHistory } = await import('./public-files.ts');
  const known = name === 'kv' ? [readKvHistory(path)] : readEtcdHistories(path);
  const model = findModel(name);
  if (model === undefined) throw new RangeError(`no model ${name}`);
  let ms = 0;
  let wrong = 0;
  for (const { history, isLinearizable } of known) {
    const startMs = performance.now();
    const { valid } = checkToEnd(history, model);
    ms += performance.now() - startMs;
    if (valid !== isLinearizable) wrong += 1;
  }
  const detail = `${wrong} of ${known.length} verdicts are not the known ones`;
  const verdict = wrong === 0 ? true : 'unknown';
  return { ms, peakMegabytes: peak(), verdict, detail, confirmedBy: null };
}

/**
 * One key: the checker alone, as a library. More: as the command does it, with threads. The code of
 * that one is loaded only then, so that it is not in the memory of the other.
 */
async function prepareCheck(columns: Columns, name: string): Promise<() => Promise<Verdict>> {
  if (columns.tables.keys.length > 0) {
    const { checkOperations } = await import('../check/check-history.ts');
    const history = { columns, failed: selectRows(columns, []) };
    const limits = { model: name, timeLimitMs: rowLimitMs, memoryLimitBytes };
    return () => checkOperations(history, limits);
  }
  const model = findModel(name);
  if (model === undefined) throw new RangeError(`no model ${name}`);
  const history = { columns, failed: selectRows(columns, []) };
  return () => Promise.resolve(checkToEnd(history, model));
}

function checkToEnd({ columns, failed }: CheckableColumns, model: Model): Verdict {
  const endMs = performance.now() + rowLimitMs;
  const shouldStop = (): 'time' | null => (performance.now() > endMs ? 'time' : null);
  const bytesMax = memoryLimitBytes;
  const checker = createChecker({ columns, failed, model, bytesMax, shouldStop });
  for (;;) {
    const verdict = checker.step(1_000_000);
    if (verdict !== null) return verdict;
  }
}

/** Of the whole process, the generator and Node included. */
function peak(): number {
  return process.resourceUsage().maxRSS / 1024;
}

process.on('message', async (request: RowRequest) => {
  process.send?.(await measure(request), () => process.disconnect());
});
