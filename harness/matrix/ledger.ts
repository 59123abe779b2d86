/**
 * The runs of a matrix on disk: runs.jsonl, a line when a run has ended.
 *
 * What stands there is done, so that a matrix of many hours can be made in parts. A run belongs to
 * the cell whose command line it had; after another time limit, say, it is another cell's.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { MatrixFlagError } from './flags.ts';
import { type Cell, cellName } from './plan.ts';

export interface MatrixRun {
  /** As `cellName` says it. */
  readonly cell: string;
  readonly seed: number;
  /** `crashed`: there is no verdict. */
  readonly outcome: 'valid' | 'invalid' | 'unknown' | 'crashed';
  /** The checkers whose verdict that was; none when it is valid. */
  readonly by: readonly string[];
  /** The checkers that must find the planted bug and did. */
  readonly found: readonly string[];
  /** Why it is not valid, in words; empty when it is. */
  readonly reason: string;
  readonly seconds: number;
  /** null when it was removed. */
  readonly folder: string | null;
  /** The command that repeats it. */
  readonly repeat: string;
}

const runSchema: z.ZodType<MatrixRun> = z.object({
  cell: z.string(),
  seed: z.number(),
  outcome: z.enum(['valid', 'invalid', 'unknown', 'crashed']),
  by: z.array(z.string()),
  found: z.array(z.string()),
  reason: z.string(),
  seconds: z.number(),
  folder: z.string().nullable(),
  repeat: z.string(),
});

export class Ledger {
  readonly #path: string;
  readonly #runs = new Map<string, MatrixRun[]>();

  /** Throws MatrixFlagError for a folder that has runs already, unless it is to go on with them. */
  constructor(out: string, { resume }: { readonly resume: boolean }) {
    mkdirSync(out, { recursive: true });
    this.#path = join(out, 'runs.jsonl');
    const isThere = existsSync(this.#path);
    if (isThere && !resume) {
      throw new MatrixFlagError(`${out} has runs already: --resume goes on, or take another --out`);
    }
    for (const run of isThere ? readRuns(this.#path) : []) this.#note(run);
  }

  get isEmpty(): boolean {
    return this.#runs.size === 0;
  }

  /** Of all cells that have runs. */
  get cellNames(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /** Those of a cell, in the order in which they ended. */
  runsOf(cell: Cell): readonly MatrixRun[] {
    return this.#runs.get(cellName(cell)) ?? [];
  }

  has(cell: Cell, seed: number): boolean {
    return this.runsOf(cell).some((run) => run.seed === seed);
  }

  add(run: MatrixRun): void {
    this.#note(run);
    appendFileSync(this.#path, `${JSON.stringify(run)}\n`);
  }

  #note(run: MatrixRun): void {
    const runs = this.#runs.get(run.cell);
    if (runs === undefined) this.#runs.set(run.cell, [run]);
    else runs.push(run);
  }
}

/** A last line that was torn by a SIGKILL is cut off; that run is made again. */
function readRuns(path: string): MatrixRun[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.pop() !== '') writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
  return lines.map((line, index) => {
    const parsed = runSchema.safeParse(parseJson(line));
    if (parsed.success) return parsed.data;
    throw new MatrixFlagError(`${path}, line ${index + 1} is not a run of a matrix`);
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
