/**
 * One row of `npm run bench:checker`, in a process of its own so that the peak of memory is its
 * own: generates a history, checks it, and prints one line of JSON.
 */

import { type Columns, selectRows } from '../../checker/columns.ts';
import { createChecker } from '../../checker/linearizable.ts';
import { findModel } from '../../checker/models/registry.ts';
import { generateRegisterColumns } from '../../checker/testing/generate-register-columns.ts';
import type { Verdict } from '../../checker/verdict.ts';
import type { BenchRow } from './checker-families.ts';

const rowLimitMs = 60_000;
const memoryLimitBytes = 4 << 28;

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
  | { readonly type: 'read'; readonly path: string };

async function measure(request: RowRequest): Promise<RowFigures> {
  if (request.type === 'read') {
    const { readHistoryFile } = await import('../check/history-file.ts');
    const startMs = performance.now();
    const { columns } = await readHistoryFile(request.path);
    const ms = performance.now() - startMs;
    const detail = `${columns.count} operations`;
    return { ms, peakMegabytes: peak(), verdict: true, detail, confirmedBy: null };
  }
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
  return () => {
    const endMs = performance.now() + rowLimitMs;
    const shouldStop = (): 'time' | null => (performance.now() > endMs ? 'time' : null);
    const checker = createChecker({ columns, model, bytesMax: memoryLimitBytes, shouldStop });
    for (;;) {
      const verdict = checker.step(1_000_000);
      if (verdict !== null) return Promise.resolve(verdict);
    }
  };
}

/** Of the whole process, the generator and Node included. */
function peak(): number {
  return process.resourceUsage().maxRSS / 1024;
}

process.on('message', async (request: RowRequest) => {
  process.send?.(await measure(request), () => process.disconnect());
});
