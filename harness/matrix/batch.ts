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
import type { MatrixCluster } from './flags.ts';
import type { MatrixRun } from './ledger.ts';
import { type Batch, type Cell, cellName } from './plan.ts';

const rafture = fileURLToPath(new URL('../rafture.js', import.meta.url));
const badArguments = 254;
/** With these a command has judged all that it ran: valid, invalid, unknown. */
const judgedCodes = [0, 1, 2] as const;
/** A run that takes this much longer than its workload hangs. */
const patienceS: Readonly<Record<MatrixCluster, number>> = { process: 900, docker: 900, sim: 300 };
const killAfterMs = 60_000;

export interface BatchOptions {
  /** Where results go, each batch into a folder of its own. */
  readonly out: string;
  readonly timeLimitS: number;
  /** Seconds for each run beyond its workload; as long as the cluster needs when left out. */
  readonly patienceS?: number;
  /** What is started in place of `rafture`. */
  readonly launcher?: string;
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
  const { out, signal, launcher = rafture } = options;
  const root = makeFolder(out, cell);
  const startedAt = performance.now();
  const args = [
    ...['test', ...cell.args, '--results', root],
    ...['--seed', String(seeds[0]), '--test-count', String(seeds.length)],
  ];
  const limitS = limitOf(batch, options);
  const command = await execa(process.execPath, [launcher, ...args], {
    reject: false,
    stdin: 'ignore',
    timeout: limitS * 1000,
    forceKillAfterDelay: killAfterMs,
    cancelSignal: signal,
    buffer: { stdout: false },
  });
  if (signal.aborted) {
    rmSync(root, { recursive: true, force: true });
    return [];
  }
  const { exitCode, timedOut } = command;
  const error = lastLine(command.stderr);
  if (exitCode === badArguments) {
    rmSync(root, { recursive: true, force: true });
    throw new RefusedError(error);
  }
  const reason = timedOut
    ? `it hung, and was ended after ${limitS} s`
    : error || `exit ${exitCode}`;
  const isJudged = !timedOut && judgedCodes.some((code) => code === exitCode);
  const folders = listRuns(root);
  // One that is ended while it hangs is judged all the same, by what there is: that is no verdict.
  const ended = timedOut ? folders.slice(0, -1) : folders;
  const runs = ended.flatMap((path) => readEnded(path, cell));
  if (!isJudged || runs.length === 0) {
    // A command whose last run has a verdict, and that fails then, has failed in that run.
    const place = Math.min(runs.length, seeds.length - 1);
    const folder = folders.at(-1) ?? null;
    runs.splice(place, 1, describeCrash(cell, { seed: seeds[place] ?? 0, reason, folder }));
  }
  const seconds = (performance.now() - startedAt) / 1000 / runs.length;
  return runs.map((run) => ({ ...run, seconds }));
}

/** Seconds after which a command hangs. */
function limitOf({ cell, seeds }: Batch, options: BatchOptions): number {
  const patience = options.patienceS ?? patienceS[cell.cluster];
  return (options.timeLimitS + patience) * seeds.length;
}

function describeCrash(
  { bug, args }: Pick<Cell, 'bug' | 'args'>,
  rest: Pick<MatrixRun, 'seed' | 'reason' | 'folder'>,
): MatrixRun {
  const repeat = ['npx rafture test', ...args, '--seed', String(rest.seed)].join(' ');
  const cell = cellName({ bug, args });
  return { cell, outcome: 'crashed', by: [], found: [], seconds: 0, repeat, ...rest };
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
