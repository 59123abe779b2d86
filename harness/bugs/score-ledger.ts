/**
 * What has been done of a scorecard, on disk: bugs.jsonl, a line when a part of it has ended, so
 * that the counts of a night can be made in parts, and on several machines.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type ScorePart, scoreClusters } from './scorecard.ts';

/** The folder cannot be gone on with. */
export class ScoreLedgerError extends Error {
  override readonly name = 'ScoreLedgerError';
}

/** A part that is to be done; what it was called when it has been. */
export type PartPlan = Pick<ScorePart, 'bug' | 'cluster' | 'firstSeed' | 'seeds'>;

const partSchema: z.ZodType<ScorePart> = z.object({
  bug: z.string().nullable(),
  cluster: z.enum(scoreClusters),
  firstSeed: z.number(),
  seeds: z.number(),
  seedsRun: z.number(),
  unknown: z.number(),
  wallSeconds: z.number(),
  found: z.array(
    z.object({
      seed: z.number(),
      oracles: z.array(z.string()),
      summary: z.string(),
      repeat: z.string(),
    }),
  ),
  shrunk: z.string().nullable(),
  problem: z.string().nullable(),
  commit: z.string(),
  code: z.string(),
});

const fileName = 'bugs.jsonl';

interface ScoreLedgerOptions {
  readonly resume: boolean;
  /** The sources as they are, with this bug in them; null: with none. */
  readonly codeOf: (bug: string | null) => string;
}

/** Without the bug. */
function baseOf(code: string): string {
  return code.split('+')[0] ?? code;
}

export class ScoreLedger {
  readonly #path: string;
  #parts: ScorePart[] = [];

  /** Throws ScoreLedgerError for a folder that has parts already, unless it is to go on. */
  constructor(folder: string, { resume, codeOf }: ScoreLedgerOptions) {
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, fileName);
    if (!existsSync(this.#path)) return;
    if (!resume) {
      throw new ScoreLedgerError(
        `${this.#path} is there already: --resume goes on with it, or take another --results`,
      );
    }
    cutHalfLine(this.#path);
    const parts = readParts(this.#path);
    // Of a bug that was written anew the old parts say nothing.
    this.#parts.push(...parts.filter((part) => part.code === codeOf(part.bug)));
    const other = parts.find((part) => baseOf(part.code) !== baseOf(codeOf(part.bug)));
    if (other === undefined) return;
    throw new ScoreLedgerError(
      `${this.#path} is of other sources (${other.commit}): take another --results`,
    );
  }

  get parts(): readonly ScorePart[] {
    return this.#parts;
  }

  /** A part that could not be run is to be tried again. */
  has({ bug, cluster, firstSeed, seeds }: PartPlan): boolean {
    return this.#parts.some(
      (part) =>
        part.bug === bug &&
        part.cluster === cluster &&
        part.firstSeed === firstSeed &&
        part.seeds === seeds &&
        part.problem === null,
    );
  }

  /** In the place of an earlier try. */
  add(part: ScorePart): void {
    this.#parts = [...this.#parts.filter((other) => nameOf(other) !== nameOf(part)), part];
    appendFileSync(this.#path, `${JSON.stringify(part)}\n`);
  }
}

/**
 * The parts of a folder; a part that was tried again counts as it was the last time. Throws
 * ScoreLedgerError.
 */
export function readParts(path: string): readonly ScorePart[] {
  const file = path.endsWith(fileName) ? path : join(path, fileName);
  if (!existsSync(file)) throw new ScoreLedgerError(`there is no ${file}`);
  const parts = new Map<string, ScorePart>();
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [position, line] of lines.entries()) {
    // What comes after the last line break was cut off by the end of its process.
    if (position === lines.length - 1) break;
    const part = partOf(line, `${file}:${position + 1}`);
    parts.set(nameOf(part), part);
  }
  return [...parts.values()];
}

/** A process that was killed leaves one; what is added next must not be joined to it. */
function cutHalfLine(file: string): void {
  const bytes = readFileSync(file);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end < bytes.length) truncateSync(file, end);
}

function nameOf({ bug, cluster, firstSeed, seeds }: PartPlan): string {
  return [bug, cluster, firstSeed, seeds].join();
}

function partOf(line: string, place: string): ScorePart {
  try {
    return partSchema.parse(JSON.parse(line));
  } catch {
    throw new ScoreLedgerError(`${place} is no part of a scorecard: remove the file, or the line`);
  }
}
