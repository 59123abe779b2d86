/**
 * A batch of runs: the command line as a person would give it, and what it left behind.
 *
 * The command ends at its first run that is not valid, so that it is started again behind it until
 * every seed has a run. What it printed is not read; its results are.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ResultsRecord } from '../report/run-record.ts';
import { listRuns, readRun, type StoredRun } from '../store-reader.ts';
import { findersOf, plantedBugs } from './contents.ts';
import { cellName, type MatrixRun } from './ledger.ts';
import type { Batch, Cell } from './plan.ts';

const launcher = fileURLToPath(new URL('../rafture.js', import.meta.url));
const badArguments = 254;
/** A run that takes this much longer than its workload hangs. */
const patienceS = 900;
const killAfterMs = 60_000;

export interface BatchOptions {
  /** Where results go, each batch into a folder of its own. */
  readonly out: string;
  readonly timeLimitS: number;
  /** Told of each run, in the order of the seeds. */
  readonly onRun: (run: MatrixRun) => void;
  readonly signal: AbortSignal;
}

/** The command does not take these flags: no seed of the cell can run. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** Throws RefusedError. Runs that were under way when it was aborted count for nothing. */
export async function runBatch({ cell, seeds }: Batch, options: BatchOptions): Promise<void> {
  const left = [...seeds];
  while (left.length > 0 && !options.signal.aborted) {
    const runs = await runCommand({ cell, seeds: left }, options);
    for (const run of runs) options.onRun(run);
    const done = new Set(runs.map(({ seed }) => seed));
    left.splice(0, left.length, ...left.filter((seed) => !done.has(seed)));
  }
}

/** At least one run, unless it was aborted. */
async function runCommand(batch: Batch, options: BatchOptions): Promise<readonly MatrixRun[]> {
  const { cell, seeds } = batch;
  const { out, signal, timeLimitS } = options;
  const root = makeFolder(out, cell);
  const startedAt = performance.now();
  const args = [
    ...['test', ...cell.args, '--results', root],
    ...['--seed', String(seeds[0]), '--test-count', String(seeds.length)],
  ];
  const command = await execa(process.execPath, [launcher, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: (timeLimitS + patienceS) * seeds.length * 1000,
    forceKillAfterDelay: killAfterMs,
    cancelSignal: signal,
    buffer: { stdout: false },
  });
  if (signal.aborted) {
    rmSync(root, { recursive: true, force: true });
    return [];
  }
  const error = lastLine(command.stderr);
  if (command.exitCode === badArguments) {
    rmSync(root, { recursive: true, force: true });
    throw new RefusedError(error);
  }
  const ended = listRuns(root).flatMap((path) => readEnded(path, cell));
  const runs = command.timedOut ? ended.slice(0, -1) : ended;
  const seconds = (performance.now() - startedAt) / 1000 / Math.max(1, runs.length);
  if (runs.length > 0) return runs.map((run) => ({ ...run, seconds }));
  const reason = command.timedOut ? 'it hung, and was ended' : error || `exit ${command.exitCode}`;
  const repeat = ['npx rafture test', ...cell.args, '--seed', String(seeds[0])].join(' ');
  const seed = seeds[0] ?? 0;
  const folder = newestRun(root);
  const crash = { cell: cellName(cell), seed, by: [], found: [], reason, seconds, folder, repeat };
  return [{ ...crash, outcome: 'crashed' }];
}

function makeFolder(out: string, { workload, cluster, bug }: Cell): string {
  const parent = join(out, 'runs');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${workload}-${cluster}-${bug ?? 'clean'}-`.replace(/\//g, '_')));
}

/** Nothing for a run that has no verdict. */
function readEnded(path: string, cell: Cell): MatrixRun[] {
  const run = readRun(path);
  return run.results === null ? [] : [describeRun(run, run.results, cell)];
}

function describeRun(
  { path, test }: Pick<StoredRun, 'path' | 'test'>,
  results: ResultsRecord,
  cell: Pick<Cell, 'bug' | 'args'>,
): MatrixRun {
  const { valid, checkers } = results;
  const bug = plantedBugs.find(({ id }) => id === cell.bug);
  const deciding = valid === true ? [] : checkers.filter((checker) => checker.valid === valid);
  return {
    cell: cellName(cell),
    seed: Number(test.seed),
    outcome: valid === 'unknown' ? 'unknown' : valid ? 'valid' : 'invalid',
    by: deciding.map(({ name }) => name),
    found: bug === undefined ? [] : findersOf(bug, results),
    reason: deciding.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
    seconds: 0,
    folder: path,
    repeat: test.repeat,
  };
}

function newestRun(root: string): string | null {
  return listRuns(root).at(-1) ?? null;
}

/** Removes what a run left, and the folders around it that are empty then. */
export function removeRun(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const test = join(folder, '..');
  if (hasRuns(test)) return;
  const root = join(test, '..');
  rmSync(test, { recursive: true, force: true });
  if (listRuns(root).length === 0) rmSync(root, { recursive: true, force: true });
}

function hasRuns(folder: string): boolean {
  return readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isDirectory());
}

function lastLine(text: unknown): string {
  return (
    String(text ?? '')
      .trim()
      .split('\n')
      .at(-1) ?? ''
  );
}
