/**
 * Seeds that were run, on disk: JSON lines, appended when a seed has ended, so that a long count
 * can be made in parts and a SIGKILL loses nothing that was told.
 *
 * A line belongs to the series that made it: what was asked for, and the code that ran. Seeds of
 * another series stand in the same file and count for nothing in this one. Files of several
 * machines are merged by putting one behind the other.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { type SeedRecord, seedRecordSchema } from './seed-record.ts';

/** What decides every run of a series beside the seed. */
export interface SeriesFacts {
  /** The words of the command line that replace what a seed would draw. */
  readonly args: readonly string[];
  readonly bug: string | null;
  /** Hash of the code that runs, the bug's edits included. */
  readonly code: string;
}

/** The file cannot be used; the message says which and why. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
}

/** A seed that went two ways: the simulation is not what it promises to be. */
export interface Contradiction {
  readonly seed: number;
  readonly traceHashes: readonly [string, string];
}

const lineSchema: z.ZodType<{ series: string; record: SeedRecord }> = z.object({
  series: z.string(),
  record: seedRecordSchema,
});

export class SeedLedger {
  readonly #path: string;
  readonly #series: string;
  readonly #records = new Map<number, SeedRecord>();
  readonly #contradictions: Contradiction[] = [];
  /** Seeds of other series in the file. */
  #others = 0;

  /** Throws LedgerError for a file that holds something else. */
  constructor(path: string, facts: SeriesFacts) {
    this.#path = path;
    this.#series = nameOfSeries(facts);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const { series, record } of readLines(path)) {
      if (series === this.#series) this.#note(record);
      else this.#others++;
    }
  }

  /** Of this series, by seed. One that crashed has no verdict and is not among them. */
  get records(): ReadonlyMap<number, SeedRecord> {
    return this.#records;
  }

  get otherCount(): number {
    return this.#others;
  }

  get contradictions(): readonly Contradiction[] {
    return this.#contradictions;
  }

  /** When it returns the line has left this process. */
  add(record: SeedRecord): void {
    this.#note(record);
    appendFileSync(this.#path, `${JSON.stringify({ series: this.#series, record })}\n`);
  }

  #note(record: SeedRecord): void {
    if (record.outcome === 'crashed') return;
    const earlier = this.#records.get(record.seed);
    const [one, other] = [earlier?.traceHash ?? null, record.traceHash];
    if (one !== null && other !== null && one !== other) {
      this.#contradictions.push({ seed: record.seed, traceHashes: [one, other] });
    }
    this.#records.set(record.seed, record);
  }
}

/** Readable, so that a ledger tells by itself what it is of. */
function nameOfSeries({ args, bug, code }: SeriesFacts): string {
  return [bug ?? 'clean', ...args, `code ${code}`].join(' ');
}

/** A last line that was torn by a SIGKILL is cut off; that seed is run again. */
function readLines(path: string): { series: string; record: SeedRecord }[] {
  const text = readFileSync(path, 'utf8');
  const end = text.lastIndexOf('\n') + 1;
  if (end < text.length) truncateSync(path, Buffer.byteLength(text.slice(0, end)));
  const lines = text.slice(0, end).split('\n').slice(0, -1);
  return lines.map((line, index) => {
    const parsed = lineSchema.safeParse(parseJson(line));
    if (parsed.success) return parsed.data;
    throw new LedgerError(`${path}, line ${index + 1} is not a seed of rafture sim`);
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
