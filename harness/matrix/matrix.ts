/**
 * `npm run matrix`: every workload in every kind of cluster, without a bug and with planted ones,
 * many seeds each, from the command line; and a table of who found what.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RefusedError, removeRun, runBatch } from './batch.ts';
import { listWorkloads, plantedBugs } from './contents.ts';
import { help, MatrixFlagError, type MatrixFlags, parseMatrixFlags } from './flags.ts';
import { Ledger, type MatrixRun } from './ledger.ts';
import { type Batch, type Cell, planBatches, planCells, readCell } from './plan.ts';
import { describeFailure, type FilledCell, isFailure, isGood, renderMatrix } from './table.ts';

const exitCodes = { good: 0, bad: 1, interrupted: 130, badArguments: 254, failed: 255 } as const;

/** Progress: beside the table, which alone goes to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

class Matrix {
  readonly #flags: MatrixFlags;
  readonly #out: string;
  readonly #cells: readonly Cell[];
  readonly #ledger: Ledger;
  readonly #refused = new Map<Cell, string>();
  readonly #signal: AbortSignal;

  constructor(flags: MatrixFlags, cells: readonly Cell[], signal: AbortSignal) {
    this.#flags = flags;
    this.#out = resolve(flags.out);
    this.#cells = cells;
    this.#ledger = new Ledger(this.#out, flags);
    if (flags.resume && this.#ledger.isEmpty) say(`${flags.out} has no runs yet: --resume begins`);
    this.#signal = signal;
  }

  /** Resolves to the table and whether all of it is good. */
  async run(): Promise<{ readonly table: string; readonly isGood: boolean }> {
    const { seed, jobs } = this.#flags;
    const isDone = (cell: Cell, each: number): boolean => this.#ledger.has(cell, each);
    const waiting = [...planBatches(this.#cells, seed, isDone)];
    const total = waiting.length;
    const work = async (): Promise<void> => {
      for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
        if (this.#signal.aborted) return;
        await this.#runBatch(batch, `[${total - waiting.length}/${total}]`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    const filled = this.#cells.map((cell) => this.#fill(cell));
    const table = renderMatrix([...filled, ...this.#earlier()]);
    writeFileSync(join(this.#out, 'matrix.md'), `${table}\n`);
    return { table, isGood: filled.every(isGood) };
  }

  /** Rows of runs that are there already, and that this command would not have made. */
  #earlier(): readonly FilledCell[] {
    const place = ({ workload, cluster, bug }: Cell): string => `${workload} ${cluster} ${bug}`;
    const planned = new Set(this.#cells.map(place));
    const cells = this.#ledger.cellNames.flatMap((name) => readCell(name, plantedBugs) ?? []);
    const others = cells.filter((cell) => !planned.has(place(cell)));
    return others.map((cell) => {
      const runs = this.#ledger.runsOf(cell);
      return { cell: { ...cell, runCount: runs.length }, runs, refused: null };
    });
  }

  #fill(cell: Cell): FilledCell {
    const { seed: first } = this.#flags;
    const runs = this.#ledger
      .runsOf(cell)
      .filter(({ seed }) => seed >= first && seed < first + cell.runCount);
    return { cell, runs, refused: this.#refused.get(cell) ?? null };
  }

  async #runBatch({ cell, seeds }: Batch, place: string): Promise<void> {
    if (this.#refused.has(cell)) return;
    const { workload, cluster, bug } = cell;
    const what = `${place} ${workload} ${cluster} ${bug ?? 'clean'}`;
    const outcomes: string[] = [];
    try {
      await runBatch(
        { cell, seeds },
        {
          out: this.#out,
          timeLimitS: this.#flags.timeLimitS,
          signal: this.#signal,
          onRun: (run) => {
            outcomes.push(run.outcome);
            this.#record(cell, run);
          },
        },
      );
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refused.set(cell, error.message);
      say(`${what}: refused: ${error.message}`);
      return;
    }
    const range = seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]}-${seeds.at(-1)}`;
    if (outcomes.length > 0) say(`${what} ${range}: ${describeOutcomes(outcomes)}`);
  }

  #record(cell: Cell, run: MatrixRun): void {
    const isKept = this.#flags.keep || isFailure(cell, run) || this.#isFirstFound(cell, run);
    if (!isKept && run.folder !== null) removeRun(run.folder);
    const recorded = isKept ? run : { ...run, folder: null };
    this.#ledger.add(recorded);
    if (isFailure(cell, recorded)) say(describeFailure(cell, recorded));
  }

  #isFirstFound(cell: Cell, run: MatrixRun): boolean {
    const finds = ({ found }: MatrixRun): boolean => found.length > 0;
    return finds(run) && !this.#ledger.runsOf(cell).some(finds);
  }
}

function describeOutcomes(outcomes: readonly string[]): string {
  const kinds = [...new Set(outcomes)];
  if (kinds.length === 1) return kinds.join('');
  const count = (kind: string): number => outcomes.filter((each) => each === kind).length;
  return kinds.map((kind) => `${count(kind)} ${kind}`).join(', ');
}

/** Throws MatrixFlagError for a name that is none; a file is looked at when it is run. */
function namedWorkloads({ workloads }: MatrixFlags, known: readonly string[]): readonly string[] {
  if (workloads === null) return known;
  const wrong = workloads.find((name) => !known.includes(name) && !/[./]/.test(name));
  if (wrong === undefined) return workloads;
  throw new MatrixFlagError(`--workloads takes ${known.join(', ')}, or a file; not ${wrong}`);
}

async function main(): Promise<number> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(exitCodes.interrupted);
      say('stopping: what is under way counts for nothing (again to give up)');
      interruption.abort();
    });
  }
  try {
    const flags = parseMatrixFlags(process.argv.slice(2));
    if (flags === null) {
      console.log(help);
      return exitCodes.good;
    }
    const known = await listWorkloads();
    const cells = planCells(flags, namedWorkloads(flags, known), plantedBugs);
    if (cells.length === 0) {
      throw new MatrixFlagError('there is nothing to run: no bug is planted for these workloads');
    }
    const { table, isGood } = await new Matrix(flags, cells, interruption.signal).run();
    console.log(table);
    if (interruption.signal.aborted) return exitCodes.interrupted;
    return isGood ? exitCodes.good : exitCodes.bad;
  } catch (error) {
    say(`matrix: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof MatrixFlagError ? exitCodes.badArguments : exitCodes.failed;
  }
}

process.exitCode = await main();
