/**
 * The workers: many keys, a few threads, one verdict.
 *
 * Each thread takes a group of keys of about the same size. A thread that dies makes its keys
 * `unknown`, never valid; the first violation ends the others.
 */
import { Worker } from 'node:worker_threads';
import { mergeVerdicts } from '../../checker/partition.ts';
import type { UnknownVerdict, Verdict } from '../../checker/verdict.ts';
import type { CheckLimits } from './check-history.ts';
import type { WorkerTask } from './check-worker.ts';
import { type CheckableHistory, type PostedHistory, postHistory } from './posted-history.ts';
import { type StopRule, stopNow } from './stop-rule.ts';

/** A key and how much there is to check on it. */
export interface KeySize {
  readonly key: string | null;
  readonly operations: number;
}

export interface PoolTask {
  readonly history: CheckableHistory;
  readonly keys: readonly KeySize[];
  /** Memory is for all workers together. */
  readonly limits: Pick<CheckLimits, 'model' | 'initial' | 'memoryLimitBytes'>;
  readonly rule: StopRule;
  readonly workers: number;
}

/** Bytes of JavaScript heap that a worker gets at least. */
const heapMbMin = 256;

export async function checkInWorkers(task: PoolTask): Promise<Verdict> {
  const groups = groupBySize(task.keys, task.workers);
  const history = postHistory(task.history);
  const bytesMax = Math.floor(task.limits.memoryLimitBytes / groups.length);
  const verdicts = await Promise.all(
    groups.map((group) => checkGroup({ history, group, bytesMax }, task)),
  );
  return mergeVerdicts(verdicts);
}

/** The largest key first, each to the group that has least. */
export function groupBySize(keys: readonly KeySize[], groupCount: number): KeySize[][] {
  const groups = Array.from({ length: Math.min(groupCount, keys.length) }, () => ({
    keys: [] as KeySize[],
    operations: 0,
  }));
  for (const key of [...keys].sort((a, b) => b.operations - a.operations)) {
    const smallest = groups.reduce((a, b) => (b.operations < a.operations ? b : a));
    smallest.keys.push(key);
    smallest.operations += key.operations;
  }
  return groups.map((group) => group.keys);
}

interface Group {
  readonly history: PostedHistory;
  readonly group: readonly KeySize[];
  readonly bytesMax: number;
}

function checkGroup({ history, group, bytesMax }: Group, task: PoolTask): Promise<Verdict> {
  const workerData: WorkerTask = {
    history,
    keys: group.map(({ key }) => key),
    model: task.limits.model,
    initial: task.limits.initial,
    bytesMax,
    rule: task.rule,
  };
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./check-worker.ts', import.meta.url), {
      workerData,
      // The flags of this process are for this process.
      execArgv: [],
      resourceLimits: {
        maxOldGenerationSizeMb: Math.max(heapMbMin, Math.ceil(bytesMax / (1 << 20))),
      },
    });
    worker.once('message', (verdict: Verdict) => {
      if (verdict.valid === false) stopNow(task.rule);
      resolve(verdict);
    });
    worker.once('error', (error) => resolve(lostVerdict(group, error)));
    worker.once('exit', (code) => {
      resolve(lostVerdict(group, new Error(`a worker ended with code ${code} and no verdict`)));
    });
  });
}

/** What is known of the keys of a worker that ended without a verdict: nothing. */
export function lostVerdict(group: readonly KeySize[], error: Error): UnknownVerdict {
  const isMemory = 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  return {
    valid: 'unknown',
    operations: group.reduce((sum, { operations }) => sum + operations, 0),
    reason: isMemory ? 'memory' : 'crashed',
    key: group[0]?.key ?? null,
    keys: group.map(({ key }) => key),
    position: 0,
    message: isMemory
      ? 'a worker ran out of memory; allow more memory, or fewer operations on a key'
      : `the check crashed: ${error.message}`,
  };
}
